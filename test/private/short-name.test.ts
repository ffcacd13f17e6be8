import { shortName } from '../../src/private/short-name';
import * as fc from '../support/properties';

describe('A short name', () => {
  test('is the name itself where it fits', () => {
    expect(shortName('orders', 6)).toBe('orders');
  });

  test('fits, and two long names never become one', () => {
    const name = fc.stringMatching(/^[a-z](-?[a-z0-9]){20,60}$/);
    fc.assert(
      fc.property(name, name, fc.integer({ min: 12, max: 40 }), (one, other, longest) => {
        expect(shortName(one, longest).length).toBeLessThanOrEqual(longest);
        expect(shortName(one, longest)).not.toContain('--');
        if (one !== other) expect(shortName(one, longest)).not.toBe(shortName(other, longest));
      }),
    );
  });
});

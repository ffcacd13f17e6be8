import { Clock, parseSpan } from '../../sandbox/clock';
import * as fc from '../support/properties';

test.each([
  ['+30d', 30 * 86_400_000],
  ['+12h', 12 * 3_600_000],
  ['+90m', 90 * 60_000],
  ['-45s', -45_000],
  ['+1w', 7 * 86_400_000],
])('%s is %d ms', (text, expected) => expect(parseSpan(text)).toBe(expected));

test.each(['30d', '+d', '+1.5d', '+1y', '', 'tomorrow'])('fails for %j', (text) => {
  expect(() => parseSpan(text)).toThrow(`got ${JSON.stringify(text)}`);
});

test('spans add up, a number sets', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.integer(), (days, hours, milliseconds) => {
      const clock = new Clock();
      clock.set(`+${days}d`);
      clock.set(`-${hours}h`);
      expect(clock.offsetMs).toBe(days * 86_400_000 - hours * 3_600_000);
      clock.set(milliseconds);
      expect(clock.offsetMs).toBe(milliseconds);
    }),
  );
});

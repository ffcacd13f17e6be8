import { connectionTestKey, MAXIMUM_PART_NUMBER, ObjectKeys } from '../../src/contract/object-keys';

describe('object keys', () => {
  test('stand in the folder of the database, in this very layout', () => {
    const keys = new ObjectKeys('/nightly/production/', 'orders');

    expect(keys.catalogs).toEqual([
      'nightly/production/orders/catalog.a.json',
      'nightly/production/orders/catalog.b.json',
    ]);
    expect(keys.manifest('20261122T030000Z')).toBe('nightly/production/orders/20261122T030000Z/manifest.json');
    expect(keys.part('20261122T030000Z', 7)).toBe('nightly/production/orders/20261122T030000Z/000007');
    expect(keys.connectionTest(7)).toBe('nightly/production/orders/.connection-test.7');
    expect(keys.drillTest(7)).toBe('nightly/production/orders/.drill-test.7/proof.json');
    expect(connectionTestKey('/nightly/', 16)).toBe('nightly/.connection-test.16');
  });

  test.each([0, 1.5, MAXIMUM_PART_NUMBER + 1])('fails for a part with the number %p', (number) => {
    expect(() => new ObjectKeys('p', 'd').part('20261122T030000Z', number)).toThrow(`got ${number}`);
  });
});

import { rdsOffersExtension } from '../../src/contract/rds-extensions';

test.each([
  ['plpgsql', 13, true],
  ['uuid-ossp', 18, true],
  ['vector', 15, true],
  ['pg_walinspect', 14, false],
  ['pg_walinspect', 15, true],
  ['old_snapshot', 16, true],
  ['old_snapshot', 17, false],
  ['plrust', 18, false],
  ['timescaledb', 17, false],
  ['toString', 17, false],
])('%s for PostgreSQL %d: %s', (name, major, offered) => {
  expect(rdsOffersExtension(name, major)).toBe(offered);
});

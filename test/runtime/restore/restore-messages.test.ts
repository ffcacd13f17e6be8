import { judgeMessages } from '../../../src/runtime/restore/restore-messages';

const TRANSACTION_TIMEOUT = `pg_restore: while INITIALIZING:
pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
Command was: SET transaction_timeout = 0;

pg_restore: warning: errors ignored on restore: 1
`;

const FAILED = `pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 235; 1259 18314 TABLE orders owner
pg_restore: error: could not execute query: ERROR:  permission denied for schema shop
Command was: CREATE TABLE shop.orders (
    note text DEFAULT 'pg_restore: transaction_timeout'
);
`;

test('silence is well', () => {
  expect(judgeMessages('')).toEqual({ passedOver: [], failures: [] });
});

test('a setting that an older server does not know is passed over, and told once', () => {
  expect(judgeMessages(TRANSACTION_TIMEOUT + TRANSACTION_TIMEOUT)).toEqual({
    passedOver: ['ERROR:  unrecognized configuration parameter "transaction_timeout"'],
    failures: [],
  });
});

test('fails for another error beside it, with its entry', () => {
  const { passedOver, failures } = judgeMessages(TRANSACTION_TIMEOUT + FAILED);
  expect(passedOver).toHaveLength(1);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatch(/permission denied for schema shop[^]*\(entry 235; 1259 18314 TABLE orders owner\)$/);
});

test.each([
  ['a warning of the server', 'pg_restore: WARNING:  no privileges were granted for "t"\n'],
  ['another unknown setting', TRANSACTION_TIMEOUT.replaceAll('transaction_timeout', 'enable_magic')],
  ['an error of the client', 'pg_restore: error: could not read from input file: end of file\n'],
  ['words of somebody else', 'Segmentation fault\n'],
  [
    'a harmless text that is only quoted',
    FAILED.replace(
      'pg_restore: transaction_timeout',
      'error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"',
    ),
  ],
])('fails for %s', (_, stderr) => {
  expect(judgeMessages(stderr).failures).toHaveLength(1);
});

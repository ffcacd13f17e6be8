import { sortMessages } from '../../../src/runtime/restore/restore-messages';

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

const HARMLESS = 'ERROR:  unrecognized configuration parameter "transaction_timeout"';

test('no message is no problem', () => {
  expect(sortMessages('')).toEqual({ passedOver: [], refusals: [], failures: [] });
});

test('a setting that an older server does not know is passed over, and named once', () => {
  expect(sortMessages(TRANSACTION_TIMEOUT + TRANSACTION_TIMEOUT)).toEqual({
    passedOver: [HARMLESS],
    refusals: [],
    failures: [],
  });
});

test('what the server refused is given with its entry and its statement, every one', () => {
  const owner = `pg_restore: error: could not execute query: ERROR:  relation "shop.orders" does not exist
DETAIL:  More of it.
Command was: ALTER TABLE shop.orders OWNER TO clerk;

`;
  expect(sortMessages(TRANSACTION_TIMEOUT + FAILED + owner)).toEqual({
    passedOver: [HARMLESS],
    refusals: [
      {
        dumpId: 235,
        entry: expect.stringMatching(/^TABLE orders /),
        message: 'ERROR:  permission denied for schema shop',
        statement: `CREATE TABLE shop.orders (\n    note text DEFAULT 'pg_restore: transaction_timeout'\n);`,
      },
      {
        dumpId: 235,
        entry: expect.stringMatching(/^TABLE orders /),
        message: 'ERROR:  relation "shop.orders" does not exist\nDETAIL:  More of it.',
        statement: 'ALTER TABLE shop.orders OWNER TO clerk;',
      },
    ],
    failures: [],
  });
});

test('an access method that the server does not have is a refusal of its table', () => {
  const stderr = `pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 235; 1259 18314 TABLE orders owner
pg_restore: error: could not set "default_table_access_method": ERROR:  invalid value for parameter "default_table_access_method": "columns"
DETAIL:  Table access method "columns" does not exist.
`;
  const { refusals, failures } = sortMessages(stderr);
  expect(failures).toEqual([]);
  expect(refusals).toEqual([
    {
      ...{ dumpId: 235, entry: 'TABLE orders owner', statement: 'SET default_table_access_method = "columns";' },
      message: expect.stringContaining('invalid value for parameter "default_table_access_method": "columns"'),
    },
  ]);
});

test.each([
  ['a warning of the client', 'pg_restore: warning: something was left out\n'],
  ['another unknown setting', TRANSACTION_TIMEOUT.replaceAll('transaction_timeout', 'enable_magic')],
  ['an error of the client', 'pg_restore: error: could not read from input file: end of file\n'],
  ['words of another program', 'Segmentation fault\n'],
  ['a server that ends', FAILED.replace('ERROR:  permission denied for schema shop', 'FATAL:  terminating connection')],
  ['a disk that is full', FAILED.replace('permission denied for schema shop', 'could not extend file "base/1"')],
])('fails for %s', (_, stderr) => {
  expect(sortMessages(stderr)).toMatchObject({ refusals: [], failures: [expect.any(String)] });
});

test('what is being done is no problem; a warning of the server is reported', () => {
  const stderr = `pg_restore: connecting to database for restore
pg_restore: creating TABLE "public.error: odd
name"
pg_restore: WARNING:  "wal_level" is insufficient to publish logical changes
HINT:  Set it.
pg_restore: processing data for table "public.odd"
`;
  expect(sortMessages(stderr)).toEqual({
    passedOver: ['WARNING:  "wal_level" is insufficient to publish logical changes'],
    refusals: [],
    failures: [],
  });
});

test('a harmless text that is only quoted is not passed over', () => {
  const quoted = `error: could not execute query: ${HARMLESS}`;
  const { passedOver, refusals } = sortMessages(FAILED.replace('pg_restore: transaction_timeout', quoted));
  expect(passedOver).toEqual([]);
  expect(refusals).toHaveLength(1);
});

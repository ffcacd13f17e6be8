/** A database that is dumped and restored through the product, as a master who is no superuser, and then compared. */
export interface FidelityCase {
  readonly name: string;
  /**
   * - `plain`: comes back whole.
   * - `rds-like`: comes back whole where the master has a power that RDS gives it; `power` says which.
   * - `remark`: comes back but for an object that the backup names.
   * - `refused`: the backup fails, naming the object.
   */
  readonly kind: 'plain' | 'rds-like' | 'remark' | 'refused';
  /** @default - a name without anything special */
  readonly database?: string;
  /** Options of CREATE DATABASE. @default - those of the server */
  readonly options?: string;
  /** Run by the master in the database. */
  readonly sql?: readonly string[];
  /** Run by the superuser before that. */
  readonly superuser?: readonly string[];
  /** Of an encoding: filled with its characters, and compared as bytes. */
  readonly encoding?: string;
  /** The power that RDS gives its master, and where AWS says so. The master has it while the case is made and restored. */
  readonly power?: string;
  /** What the backup or the restore has to say. */
  readonly says?: RegExp;
  /** What the comparison may find: the objects that were named, and nothing else. */
  readonly lacks?: RegExp;
}

const plain = (name: string, ...sql: string[]): FidelityCase => ({ name, kind: 'plain', sql });

/** Kinds of objects. */
const OBJECTS: FidelityCase[] = [
  plain('nothing'),
  plain(
    'circular foreign keys',
    'CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)',
    'INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b',
  ),
  plain(
    'a table that references itself',
    'CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t); INSERT INTO t VALUES (2, NULL), (1, 2)',
  ),
  plain(
    'triggers that would fire on load',
    `CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := NEW.a + 1; RETURN NEW; END $$;
     CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); INSERT INTO t VALUES (1), (2);
     ALTER TABLE t ENABLE ALWAYS TRIGGER x`,
  ),
  plain(
    'triggers in every state',
    `CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
     CREATE TRIGGER a AFTER INSERT ON t EXECUTE FUNCTION f(); CREATE TRIGGER b AFTER UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a > 1) EXECUTE FUNCTION f();
     CREATE CONSTRAINT TRIGGER c AFTER DELETE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();
     CREATE TRIGGER d AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n EXECUTE FUNCTION f();
     ALTER TABLE t DISABLE TRIGGER a; ALTER TABLE t ENABLE REPLICA TRIGGER b`,
  ),
  plain(
    'check constraints that call functions',
    'CREATE FUNCTION positive(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 > 0 $$; CREATE TABLE t (a int CHECK (positive(a))); INSERT INTO t VALUES (1)',
  ),
  plain(
    'functions that need a search_path',
    'CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE FUNCTION s.f() RETURNS bigint LANGUAGE sql SET search_path = s AS $$ SELECT count(*) FROM t $$',
  ),
  plain(
    'SQL-standard bodies',
    'CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t; END; CREATE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (1); END',
  ),
  plain(
    'every kind of argument',
    `CREATE FUNCTION f(a int, INOUT b text DEFAULT 'x', VARIADIC c numeric[] DEFAULT '{}') LANGUAGE plpgsql COST 5 PARALLEL SAFE STRICT SECURITY DEFINER AS $$ BEGIN END $$;
     CREATE FUNCTION g() RETURNS TABLE (x int, "y Z" text) LANGUAGE sql ROWS 7 STABLE AS $$ SELECT 1, 'a' $$`,
  ),
  plain(
    'views on views',
    'CREATE TABLE t (a int); CREATE VIEW v1 AS SELECT a FROM t; CREATE VIEW v2 AS SELECT a + 1 AS b FROM v1; CREATE VIEW v3 WITH (security_barrier) AS SELECT * FROM v2 WHERE b > 0; CREATE VIEW v4 AS SELECT a FROM t WHERE a > 0 WITH LOCAL CHECK OPTION',
  ),
  plain(
    'views in a circle of functions',
    'CREATE VIEW v AS SELECT 1 AS a; CREATE FUNCTION f(v) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE OR REPLACE VIEW v AS SELECT 1 AS a, 2 AS b',
  ),
  plain(
    'security-invoker views',
    'CREATE TABLE t (a int); CREATE VIEW v WITH (security_invoker = true) AS SELECT * FROM t',
  ),
  plain(
    'materialized views on materialized views',
    'CREATE TABLE t AS SELECT generate_series(1, 9) AS a; CREATE MATERIALIZED VIEW m1 AS SELECT a FROM t; CREATE MATERIALIZED VIEW m2 AS SELECT sum(a) AS s FROM m1; CREATE UNIQUE INDEX ON m1 (a); CREATE MATERIALIZED VIEW m3 AS SELECT 1 AS a WITH NO DATA',
  ),
  plain(
    'generated columns',
    'CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO t VALUES (1), (2)',
  ),
  plain(
    'identity columns',
    'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 3), b int GENERATED BY DEFAULT AS IDENTITY); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES',
  ),
  plain(
    'sequences',
    `CREATE SEQUENCE a AS smallint MINVALUE -5 MAXVALUE 5 CYCLE START 0; SELECT nextval('a'); CREATE SEQUENCE b INCREMENT -1 CACHE 10; CREATE TABLE t (id serial, other bigserial); SELECT setval('t_id_seq', 42, false); CREATE SEQUENCE c OWNED BY t.id`,
  ),
  plain('unlogged sequences and tables', 'CREATE UNLOGGED TABLE t (a serial); INSERT INTO t DEFAULT VALUES'),
  plain(
    'exclusion constraints',
    'CREATE TABLE t (r int4range, EXCLUDE USING gist (r WITH &&)); INSERT INTO t VALUES ($$[1,3)$$), ($$[3,5)$$)',
  ),
  plain(
    'deferred constraints',
    'CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED, b int PRIMARY KEY); CREATE TABLE u (b int REFERENCES t DEFERRABLE); INSERT INTO t VALUES (1, 1); INSERT INTO u VALUES (1)',
  ),
  plain(
    'constraints that are not valid',
    'CREATE TABLE t (a int); INSERT INTO t VALUES (-1); ALTER TABLE t ADD CHECK (a > 0) NOT VALID; CREATE TABLE k (a int PRIMARY KEY); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES k NOT VALID',
  ),
  plain(
    'foreign keys with actions',
    'CREATE TABLE t (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE u (a int, b int, FOREIGN KEY (a, b) REFERENCES t MATCH FULL ON DELETE SET NULL (a) ON UPDATE CASCADE)'.replace(
      ' MATCH FULL',
      '',
    ),
  ),
  plain('nulls not distinct', 'CREATE TABLE t (a int UNIQUE NULLS NOT DISTINCT); INSERT INTO t VALUES (NULL)'),
  plain(
    'domains over domains',
    `CREATE DOMAIN d1 AS int CHECK (VALUE > 0) DEFAULT 3; CREATE DOMAIN d2 AS d1 NOT NULL CHECK (VALUE < 9); CREATE TABLE t (a d2, b d1[]); INSERT INTO t VALUES (4, '{1,2}')`,
  ),
  plain(
    'composite types',
    `CREATE TYPE p AS (x int, y text); CREATE TABLE t (a p, b p[]); INSERT INTO t VALUES ((1, 'a "quoted", one'), ARRAY[(2, NULL)::p])`,
  ),
  plain(
    'range and multirange types',
    `CREATE TYPE fr AS RANGE (subtype = float8, subtype_diff = float8mi); CREATE TABLE t (a fr, b fr_multirange); CREATE TYPE tr AS RANGE (subtype = text, collation = "C"); INSERT INTO t SELECT fr(1, 2), NULL`.replace(
      'fr_multirange',
      'int4multirange',
    ),
  ),
  plain(
    'enumerations',
    `CREATE TYPE e AS ENUM ('b', 'a'); ALTER TYPE e ADD VALUE 'it''s' BEFORE 'a'; CREATE TABLE t (a e)`,
  ),
  plain(
    'custom operators',
    'CREATE FUNCTION f(int, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$; CREATE OPERATOR ~~~> (LEFTARG = int, RIGHTARG = text, FUNCTION = f); CREATE FUNCTION n(text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE OPERATOR !!! (RIGHTARG = text, FUNCTION = n)',
  ),
  plain(
    'custom aggregates',
    `CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0'); CREATE AGGREGATE hypothetical(int ORDER BY int) (SFUNC = int4pl, STYPE = int)`,
  ),
  plain(
    'casts with functions',
    'CREATE TYPE p AS (x int); CREATE FUNCTION c(p) RETURNS int LANGUAGE sql AS $$ SELECT ($1).x $$; CREATE CAST (p AS int) WITH FUNCTION c(p) AS ASSIGNMENT; CREATE CAST (p AS text) WITH INOUT',
  ),
  plain(
    'text search',
    `CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, STOPWORDS = english); CREATE TEXT SEARCH CONFIGURATION c (COPY = english); ALTER TEXT SEARCH CONFIGURATION c ALTER MAPPING FOR asciiword WITH d; CREATE TABLE t (a tsvector); INSERT INTO t VALUES (to_tsvector('c', 'The quick fox')); CREATE INDEX ON t USING gin (a)`,
  ),
  plain(
    'extended statistics',
    'CREATE TABLE t (a int, b int); CREATE STATISTICS s (ndistinct, dependencies, mcv) ON a, b FROM t; CREATE STATISTICS e ON (a + b), a FROM t; ALTER STATISTICS s SET STATISTICS 77; ALTER TABLE t ALTER a SET STATISTICS 55',
  ),
  plain(
    'rules',
    'CREATE TABLE t (a int); CREATE TABLE l (a int); CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO l VALUES (NEW.a); INSERT INTO t VALUES (1); CREATE RULE q AS ON DELETE TO t DO INSTEAD NOTHING; ALTER TABLE t DISABLE RULE q',
  ),
  plain(
    'row security without FORCE',
    'CREATE TABLE t (a int); INSERT INTO t VALUES (1); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t AS RESTRICTIVE FOR SELECT TO PUBLIC USING (a > 0); CREATE POLICY q ON t FOR INSERT WITH CHECK (a < 9)',
  ),
  plain(
    'publications',
    'CREATE TABLE t (a int PRIMARY KEY, b int); CREATE PUBLICATION p FOR TABLE t (a) WHERE (a > 1) WITH (publish = $$insert$$, publish_via_partition_root)'.replace(
      '$$insert$$',
      `'insert'`,
    ),
  ),
  plain(
    'replica identity',
    'CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX i; CREATE TABLE u (a int); ALTER TABLE u REPLICA IDENTITY FULL',
  ),
  plain(
    'partitions',
    `CREATE TABLE t (a int, b text) PARTITION BY RANGE (a); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b); CREATE TABLE t11 PARTITION OF t1 FOR VALUES IN ('x', NULL); CREATE TABLE td PARTITION OF t DEFAULT; CREATE INDEX ON t (a); ALTER TABLE t ADD CHECK (a < 1000); INSERT INTO t VALUES (1, 'x'), (50, 'y')`,
  ),
  plain(
    'hash partitions',
    'CREATE TABLE t (a text PRIMARY KEY) PARTITION BY HASH (a); CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO t SELECT generate_series(1, 50)::text',
  ),
  plain(
    'inheritance',
    'CREATE TABLE a (x int NOT NULL CHECK (x > 0)); CREATE TABLE b (y int) INHERITS (a); CREATE TABLE c (x int, z int DEFAULT 4) INHERITS (a); INSERT INTO b VALUES (1, 2); ALTER TABLE b ALTER x SET DEFAULT 9',
  ),
  plain(
    'typed tables',
    'CREATE TYPE p AS (a int, b text); CREATE TABLE t OF p (a PRIMARY KEY, b DEFAULT $$x$$); INSERT INTO t VALUES (1)',
  ),
  plain(
    'dropped columns',
    'CREATE TABLE t (a int, b int, c int); INSERT INTO t VALUES (1, 2, 3); ALTER TABLE t DROP b; ALTER TABLE t ADD d int DEFAULT 7',
  ),
  plain(
    'indexes of every kind',
    `CREATE TABLE t (a int, b text, c point, d jsonb, e int[]); CREATE INDEX ON t (lower(b) text_pattern_ops DESC NULLS LAST) INCLUDE (a) WHERE a > 1; CREATE INDEX ON t USING gist (c); CREATE INDEX ON t USING spgist (c); CREATE INDEX ON t USING gin (d jsonb_path_ops); CREATE INDEX ON t USING gin (e) WITH (fastupdate = off); CREATE INDEX ON t USING brin (a) WITH (pages_per_range = 9); CREATE INDEX ON t USING hash (a); CREATE INDEX n ON t ((a + 1)); ALTER INDEX n ALTER COLUMN 1 SET STATISTICS 99; ALTER TABLE t CLUSTER ON n`.replace(
      '; ALTER TABLE t CLUSTER ON n',
      '',
    ),
  ),
  plain(
    'storage options',
    'CREATE TABLE t (a text COMPRESSION pglz, b text) WITH (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off); ALTER TABLE t ALTER b SET STORAGE EXTERNAL; ALTER TABLE t ALTER a SET (n_distinct = 5)',
  ),
  plain(
    'column collations',
    'CREATE COLLATION c (provider = icu, locale = $$de-u-kn$$, deterministic = false); CREATE TABLE t (a text COLLATE c, b text COLLATE "C"); CREATE INDEX ON t (a COLLATE "POSIX")'.replaceAll(
      '$$',
      `'`,
    ),
  ),
  plain(
    'default privileges',
    'CREATE ROLE dp_reader; CREATE SCHEMA s; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO dp_reader; ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT USAGE ON SEQUENCES TO PUBLIC; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; CREATE TABLE t (a int)',
  ),
  plain(
    'grants on everything',
    'CREATE ROLE g_one; CREATE ROLE "g Two"; CREATE SCHEMA s; CREATE TABLE s.t (a int, b int); GRANT USAGE ON SCHEMA s TO g_one WITH GRANT OPTION; GRANT SELECT (a), UPDATE (b) ON s.t TO "g Two"; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; REVOKE ALL ON FUNCTION f FROM PUBLIC; GRANT EXECUTE ON FUNCTION f TO g_one; CREATE TYPE e AS ENUM (); REVOKE USAGE ON TYPE e FROM PUBLIC; GRANT USAGE ON TYPE e TO g_one; CREATE SEQUENCE q; GRANT USAGE ON SEQUENCE q TO "g Two"',
  ),
  plain(
    'objects of other owners',
    'CREATE ROLE o_one; GRANT o_one TO CURRENT_USER; CREATE SCHEMA o AUTHORIZATION o_one; SET ROLE o_one; CREATE TABLE o.t (a serial); INSERT INTO o.t DEFAULT VALUES; CREATE VIEW o.v AS SELECT * FROM o.t; CREATE MATERIALIZED VIEW o.m AS SELECT * FROM o.v; RESET ROLE',
  ),
  plain(
    'roles with settings and memberships',
    `CREATE ROLE r_a LOGIN CONNECTION LIMIT 3 VALID UNTIL '2031-05-01'; CREATE ROLE r_b NOINHERIT CREATEDB; GRANT r_b TO r_a WITH ADMIN OPTION; ALTER ROLE r_a SET work_mem = '9MB'; ALTER ROLE r_b SET search_path = x, "Y z"; COMMENT ON ROLE r_a IS 'it''s'`,
  ),
  plain(
    'membership options',
    'CREATE ROLE m_a; CREATE ROLE m_b; CREATE ROLE m_c; GRANT m_a TO m_b WITH INHERIT FALSE, SET TRUE; GRANT m_a TO m_c WITH INHERIT TRUE, SET FALSE, ADMIN TRUE',
  ),
  plain(
    'comments on everything',
    `CREATE TABLE t (a int PRIMARY KEY); COMMENT ON TABLE t IS E'a\\nb'; COMMENT ON COLUMN t.a IS ''''; COMMENT ON CONSTRAINT t_pkey ON t IS 'x'; COMMENT ON INDEX t_pkey IS 'y'; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMENT ON FUNCTION f(int) IS 'f'; CREATE SCHEMA s; COMMENT ON SCHEMA s IS 's'`,
  ),
  plain(
    'large objects',
    `SELECT lo_from_bytea(4711, decode(repeat('00ff10', 50000), 'hex')); SELECT lo_create(1); COMMENT ON LARGE OBJECT 1 IS 'small'; GRANT SELECT ON LARGE OBJECT 1 TO PUBLIC`,
  ),
  plain(
    'extensions',
    'CREATE SCHEMA x; CREATE EXTENSION pgcrypto SCHEMA x; CREATE EXTENSION hstore; CREATE TABLE t (a hstore); INSERT INTO t VALUES ($$a=>1$$)'.replaceAll(
      '$$',
      `'`,
    ),
  ),
  plain(
    'event-like names of keywords',
    'CREATE SCHEMA "select"; CREATE TABLE "select"."from" ("where" int, "order" int); INSERT INTO "select"."from" VALUES (1, 2); CREATE INDEX "group" ON "select"."from" ("where")',
  ),
  plain(
    'a policy for roles',
    'CREATE ROLE pol_r; CREATE TABLE t (a int); CREATE POLICY p ON t TO pol_r, CURRENT_USER USING (true)',
  ),
  plain('a public schema that was dropped', 'DROP SCHEMA public'),
  plain('a public schema for everybody', 'GRANT ALL ON SCHEMA public TO PUBLIC'),
  plain(
    'a database with rights and settings',
    `DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); EXECUTE format('ALTER DATABASE %I SET search_path = a, "B c"', current_database()); EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'it''s'); EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 7', current_database()); END $$`,
  ),
  plain(
    'hostile settings',
    `DO $$ DECLARE s text; BEGIN FOREACH s IN ARRAY ARRAY['default_transaction_read_only = on', 'statement_timeout = ''1ms''', 'search_path = nowhere', 'client_encoding = ''LATIN1''', 'row_security = off', 'lock_timeout = ''1ms''', 'DateStyle = ''German''', 'IntervalStyle = sql_standard', 'extra_float_digits = -15', 'bytea_output = escape', 'standard_conforming_strings = off', 'quote_all_identifiers = on', 'TimeZone = ''Pacific/Chatham'''] LOOP EXECUTE format('ALTER DATABASE %I SET ' || s, current_database()); END LOOP; END $$; CREATE TABLE t AS SELECT now() AS a, 1.1::float8 AS b, '\\x00ff'::bytea AS c`,
  ),
];

/** Values: one table each. */
const VALUES: FidelityCase[] = Object.entries({
  'numeric extremes': `(0.1::numeric), ('NaN'), ('Infinity'), ('-Infinity'), (1e-1000), (9.9e2000), (-0.0), (repeat('9', 1000)::numeric)`,
  floats: `('NaN'::float8), ('Infinity'), ('-Infinity'), (-0.0), (5e-324), (1.7976931348623157e308), (0.1), (1e23)`,
  'single floats': `('NaN'::float4), ('-Infinity'), (1e-45), (3.4028235e38), (0.1)`,
  integers: `(9223372036854775807::int8), (-9223372036854775808), (0)`,
  dates: `('infinity'::date), ('-infinity'), ('4713-01-01 BC'), ('5874897-12-31'), ('0001-12-31 BC')`,
  'times with zones': `('infinity'::timestamptz), ('4714-11-24 00:00:00+00 BC'), ('294276-12-31 23:59:59.999999+00'), ('1883-11-18 12:03:58-04:56:02')`,
  times: `('24:00:00'::time), ('00:00:00.000001')`,
  intervals: `('178000000 years'::interval), ('-178000000 years'), ('1 mon -1 day +00:00:00.000001'), ('-1 year 13 mons -40:00')`,
  money: `('92233720368547758.07'::money), ('-92233720368547758.08')`,
  'hostile text': `(E'\\t\\n\\r\\\\ \\\\. \\\\N'), (E'\\\\.'), (''), (NULL), ('''; DROP TABLE t; --'), (E'\\x01\\x7f'), (repeat('x', 100000))`,
  'characters of the world': `('👩‍👩‍👧‍👦'), (E'e\\u0301'), ('é'), (E'\\U0010ffff'), (E'\\u202eabc'), ('العربية'), ('漢字𠮷')`,
  bytes: `('\\x'::bytea), (decode('00', 'hex')), (decode(repeat('ff00', 5000), 'hex')), (decode('5c2e0a', 'hex'))`,
  bits: `(B'10101'::varbit), (B''), (repeat('1', 4000)::varbit)`,
  arrays: `('{{1,2},{3,NULL}}'::int[]), ('[5:6]={7,8}'), ('{}'), (NULL)`,
  'text arrays': `(ARRAY['a,b', '"q"', NULL, 'NULL', '', E'\\\\']), ('{}')`,
  json: `('{"a" : 1, "a":2}'::json), ('  null '), ('"\\u0041"'), ('1e5')`,
  jsonb: `('{"b":[1,2.50,null],"a":{"":""}}'::jsonb), ('"\\u00e9"'), ('123456789012345678901234567890.5')`,
  xml: `('<a b="c">&lt;</a>'::xml), ('text')`,
  'network addresses': `('::ffff:1.2.3.4/128'::inet), ('10.0.0.0/8'), ('fe80::1')`,
  'hardware addresses': `('08:00:2b:01:02:03'::macaddr), ('ff:ff:ff:ff:ff:ff')`,
  points: `('(Infinity,NaN)'::point), ('(1e300,-1e-300)')`,
  polygons: `('((0,0),(1,1),(2,0))'::polygon), ('((0,0))')`,
  ranges: `('empty'::numrange), ('(,)'), ('[1,1]'), ('(NaN,)'), ('[1.10,2.20)')`,
  multiranges: `('{[1,3),[5,9)}'::int4multirange), ('{}')`,
  identifiers: `('00000000-0000-0000-0000-000000000000'::uuid), ('ffffffff-ffff-ffff-ffff-ffffffffffff')`,
  'search vectors': `('a:1A b:2,3 ''it''''s'':4'::tsvector), ('')`,
  'search queries': `('a & !b <-> c:*A'::tsquery), ('')`,
  'padded characters': `('a'::char(5)), (''), (NULL)`,
  booleans: `(true), (false), (NULL)`,
  'catalog types': `('pg_class'::regclass), ('"C"'::regcollation::oid::regclass), (0)`.replace(
    `('"C"'::regcollation::oid::regclass), `,
    '',
  ),
  'log positions': `('FFFFFFFF/FFFFFFFF'::pg_lsn), ('0/0')`,
  'json paths': `('$.a[*] ? (@ > 1)'::jsonpath), ('strict $')`,
}).map(([name, values]) => plain(`values: ${name}`, `CREATE TABLE t AS SELECT * FROM (VALUES ${values}) AS v(a)`));

/** Shapes and names. */
const SHAPES: FidelityCase[] = [
  plain('a table without columns', 'CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES'),
  plain('empty tables', ...Array.from({ length: 30 }, (_, index) => `CREATE TABLE t${index} (a int)`)),
  plain(
    '1,600 columns',
    `DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE t (' || string_agg('c' || i || ' int', ', ') || ')' FROM generate_series(1, 1600) i); END $$; INSERT INTO t (c1, c1600) VALUES (1, 2)`,
  ),
  plain(
    '500 tables',
    `DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format('CREATE TABLE t%s (a int PRIMARY KEY); INSERT INTO t%s VALUES (%s)', i, i, i); END LOOP; END $$`,
  ),
  plain(
    'names with everything in them',
    'CREATE SCHEMA "a ""b"" \'c\' \\d %s $1 ;"; CREATE TABLE "a ""b"" \'c\' \\d %s $1 ;"."new\nline\ttab" ("" "x" int)'.replace(
      '"" "x"',
      '"col "" umn"',
    ),
    `INSERT INTO "a ""b"" 'c' \\d %s $1 ;"."new\nline\ttab" VALUES (1)`,
  ),
  plain(
    'names of 63 bytes',
    `CREATE TABLE "${'é'.repeat(31)}x" ("${'c'.repeat(63)}" int)`,
    `INSERT INTO "${'é'.repeat(31)}x" VALUES (1)`,
  ),
  plain(
    'rows of megabytes',
    `CREATE TABLE t AS SELECT i, repeat(md5(i::text), 100000) AS a FROM generate_series(1, 5) AS i`,
  ),
  plain('a bytea of 400 MB', `CREATE TABLE t AS SELECT decode(repeat('00ff', 200000000), 'hex') AS a`),
  plain(
    'a hundred thousand rows',
    'CREATE TABLE t AS SELECT i, md5(i::text) AS a FROM generate_series(1, 100000) AS i; CREATE INDEX ON t (a)',
  ),
];

/** Databases of one server, by their names. */
const NAMES: FidelityCase[] = [
  'with "quotes"',
  "it's",
  'with space ',
  'UPPER',
  'back\\slash',
  'tab\tin it',
  '%s $1 {}',
  '-dash',
  'select',
  'dotted.name/and:more',
  'über 漢字',
  `${'é'.repeat(31)}x`,
].map((database) => ({
  ...plain(
    `database ${JSON.stringify(database)}`,
    `CREATE TABLE t AS SELECT current_database() AS a; ALTER DATABASE "${database.replaceAll('"', '""')}" SET work_mem = '5MB'`,
    `COMMENT ON DATABASE "${database.replaceAll('"', '""')}" IS 'one of twelve'`,
  ),
  database,
}));

/** Locales of databases. */
const LOCALES: FidelityCase[] = Object.entries({
  ICU: `LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C' `,
  'ICU with rules': `LOCALE_PROVIDER icu ICU_LOCALE 'und' ICU_RULES '&V << w <<< W' LOCALE 'C'`,
  'builtin C.UTF-8': `LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'`,
  'builtin C': `LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C' LOCALE 'C'`,
  'libc C': `LOCALE_PROVIDER libc LOCALE 'C'`,
  'libc with two locales': `LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`,
}).map(([name, options]) => ({
  name: `locale: ${name}`,
  kind: 'plain',
  options,
  sql: [`CREATE TABLE t (a text); INSERT INTO t VALUES ('z'), ('Ä'), ('a'), ('W'), ('v'); CREATE INDEX ON t (a)`],
}));

/** Not whole without a superuser. The other kinds are marked with what has to be said. */
const MARKED: FidelityCase[] = [
  {
    name: 'a function in C',
    kind: 'remark',
    superuser: [`CREATE FUNCTION f(int) RETURNS int LANGUAGE internal AS 'int4abs'`],
    says: /function public\.f\(integer\)/,
    lacks: /public\.f\(integer\)|LANGUAGE internal|int4abs/,
  },
  {
    name: 'a tablespace',
    kind: 'remark',
    superuser: [
      'SET allow_in_place_tablespaces = on',
      `CREATE TABLESPACE fast LOCATION ''`,
      'GRANT CREATE ON TABLESPACE fast TO PUBLIC',
    ],
    sql: ['CREATE TABLE t (a int) TABLESPACE fast; INSERT INTO t VALUES (1)'],
    says: /table public\.t/,
    lacks: /SET default_tablespace/,
  },
  {
    name: 'a role with BYPASSRLS and a superuser setting',
    kind: 'remark',
    superuser: [
      'CREATE ROLE bypasser BYPASSRLS',
      'ALTER ROLE bypasser SET log_statement = $$all$$'.replaceAll('$$', `'`),
    ],
    says: /role bypasser/,
    lacks: /bypasser/,
  },
  {
    name: 'an operator class',
    kind: 'remark',
    superuser: ['CREATE OPERATOR CLASS r FOR TYPE int USING btree AS OPERATOR 1 >, FUNCTION 1 btint4cmp(int, int)'],
    says: /operator class public\.r/,
    lacks: /OPERATOR (FAMILY|CLASS|1)|FOR TYPE integer USING|FUNCTION 1/,
  },
  {
    name: 'a subscription',
    kind: 'remark',
    superuser: [`CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false)`],
    says: /subscription s/,
  },
  {
    name: 'a user mapping of another role',
    kind: 'remark',
    power:
      'CREATE EXTENSION postgres_fdw: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/postgresql-commondbatasks-fdw.html',
    sql: [
      'CREATE EXTENSION postgres_fdw; CREATE ROLE mapped',
      `CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'far.example')`,
      `CREATE USER MAPPING FOR mapped SERVER far OPTIONS (user 'u', password 'p')`,
      'CREATE FOREIGN TABLE f (a int) SERVER far; ALTER SERVER far OWNER TO mapped',
    ],
    says: /user mapping mapped on server far/,
    lacks: /USER MAPPING/,
  },
  {
    name: 'a publication of all tables',
    kind: 'remark',
    superuser: ['CREATE PUBLICATION everything FOR ALL TABLES'],
    sql: ['CREATE TABLE t (a int); INSERT INTO t VALUES (1)'],
    says: /publication everything/,
    lacks: /PUBLICATION/,
  },
  {
    name: 'a publication of a schema',
    kind: 'remark',
    superuser: ['CREATE SCHEMA s; GRANT ALL ON SCHEMA s TO PUBLIC; CREATE PUBLICATION partly FOR TABLES IN SCHEMA s'],
    sql: ['CREATE TABLE s.t (a int); INSERT INTO s.t VALUES (1)'],
    says: /publication partly: without the tables in schema s: /,
    lacks: /PUBLICATION partly|SCHEMA s\b/,
  },
  {
    name: 'a value that COPY cannot write',
    kind: 'refused',
    sql: [`CREATE TABLE t AS SELECT 1 AS id, convert_to(repeat('x', 600000000), 'SQL_ASCII') AS "too Large"`],
    says: /public\.t.*too Large/s,
  },
  {
    name: 'a table that the master cannot read',
    kind: 'refused',
    superuser: ['CREATE TABLE secret (a int); REVOKE ALL ON secret FROM PUBLIC'],
    says: /secret/,
  },
  {
    name: 'row security with FORCE by another',
    kind: 'refused',
    superuser: [
      'CREATE ROLE ro; CREATE TABLE hidden (a int); GRANT SELECT ON hidden TO PUBLIC; ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY',
    ],
    says: /hidden/,
  },
  {
    name: 'row security with FORCE of its own',
    kind: 'refused',
    sql: ['CREATE TABLE hidden (a int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY'],
    says: /public\.hidden.*NO FORCE ROW LEVEL SECURITY/,
  },
  {
    name: 'a database whose name has a line break',
    kind: 'refused',
    database: 'new\nline',
    sql: ['CREATE TABLE t (a int)'],
    says: /new\\nline.*line break/,
  },
];

/** Whole where the master has a power that RDS gives its master, who is no superuser there either. */
const RDS_LIKE: FidelityCase[] = [
  {
    name: 'event triggers',
    kind: 'rds-like',
    power:
      'CREATE EVENT TRIGGER: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.FeatureSupport.EventTriggers.html',
    sql: [
      'CREATE TABLE ddl (tag text)',
      `CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ddl VALUES (tg_tag); END $$`,
      `CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE INDEX') EXECUTE FUNCTION f()`,
      'CREATE TABLE t (a int PRIMARY KEY); CREATE INDEX ON t (a)',
      `COMMENT ON EVENT TRIGGER e IS 'x'; ALTER EVENT TRIGGER e ENABLE ALWAYS`,
    ],
  },
];

export function fidelityCases(encodings: readonly string[]): FidelityCase[] {
  return [
    ...OBJECTS,
    ...VALUES,
    ...SHAPES,
    ...NAMES,
    ...LOCALES,
    ...encodings.map((encoding): FidelityCase => ({ name: `encoding: ${encoding}`, kind: 'plain', encoding })),
    ...RDS_LIKE,
    ...MARKED,
  ];
}

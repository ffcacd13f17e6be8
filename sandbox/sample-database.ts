import { Client, ClientConfig, escapeIdentifier } from 'pg';

/** What a sample holds, over all its databases. */
export interface SampleFacts {
  readonly rows: number;
  readonly tables: number;
}

/** The second database of the sample, on the same server. */
export const SAMPLE_REPORTS_DATABASE = 'Shop reports';

/**
 * Fills an empty database with a web shop, and makes a second database: everything that a master user of RDS
 * can own, at least once, in names that need quoting too. The same SQL always gives the same rows.
 *
 * @param connection the master user and the empty database
 */
export async function fillSampleDatabase(connection: ClientConfig): Promise<SampleFacts> {
  const shop = await inDatabase(connection, async (client) => {
    await client.query(ROLES);
    await client.query(SHOP_SCHEMA);
    await client.query(SHOP_ROWS);
    await client.query(SHOP_AFTERWARDS);
    await client.query(databaseProperties(String(connection.database)));
    await client.query(`CREATE DATABASE ${escapeIdentifier(SAMPLE_REPORTS_DATABASE)} TEMPLATE template0`);
    return count(client);
  });
  const reports = await inDatabase({ ...connection, database: SAMPLE_REPORTS_DATABASE }, async (client) => {
    await client.query(REPORTS);
    return count(client);
  });
  return { rows: shop.rows + reports.rows, tables: shop.tables + reports.tables };
}

async function inDatabase<T>(connection: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(connection);
  await client.connect();
  try {
    await client.query(`SET TIME ZONE 'UTC'`);
    return await work(client);
  } finally {
    await client.end();
  }
}

async function count(client: Client): Promise<SampleFacts> {
  const { rows: tables } = await client.query<{ name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema$)'`);
  let rows = 0;
  for (const { name } of tables) {
    rows += Number((await client.query(`SELECT count(*) AS n FROM ONLY ${name}`)).rows[0].n);
  }
  return { rows, tables: tables.length };
}

const ROLES = `
  CREATE ROLE shop_owner NOLOGIN;
  CREATE ROLE shop_reader NOLOGIN NOINHERIT;
  CREATE ROLE shop_app LOGIN PASSWORD 'not kept by a backup' CONNECTION LIMIT 20 VALID UNTIL '2031-05-01 12:00:00+00';
  CREATE ROLE shop_admin LOGIN CREATEROLE CREATEDB;
  CREATE ROLE "Shop ""auditor""'s" NOLOGIN;
  COMMENT ON ROLE shop_owner IS 'Owns the warehouse; it''s nobody''s login';
  ALTER ROLE shop_app SET search_path = shop, "Odd schema", public;
  ALTER ROLE shop_app SET statement_timeout = '30s';
  ALTER ROLE shop_reader SET application_name = 'it''s a reader \\ really';
  GRANT shop_owner, shop_app, "Shop ""auditor""'s" TO CURRENT_USER;
  GRANT shop_reader TO shop_app WITH ADMIN OPTION;
  GRANT shop_reader TO "Shop ""auditor""'s";
  GRANT shop_app TO shop_admin;
  GRANT rds_password, pg_monitor TO shop_admin;
`;

const SHOP_SCHEMA = `
  CREATE EXTENSION pgcrypto;
  CREATE EXTENSION pg_trgm;
  CREATE SCHEMA shop;
  CREATE SCHEMA warehouse AUTHORIZATION shop_owner;
  CREATE SCHEMA "Odd schema";
  CREATE EXTENSION hstore SCHEMA shop;
  COMMENT ON SCHEMA shop IS 'What customers see';
  COMMENT ON EXTENSION hstore IS 'Attributes of customers';

  ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO shop_reader;
  ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA warehouse GRANT SELECT ON TABLES TO shop_app;
  ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  GRANT USAGE ON SCHEMA shop TO shop_reader, shop_app, shop_owner;
  GRANT USAGE ON SCHEMA warehouse TO shop_app WITH GRANT OPTION;
  GRANT CREATE ON SCHEMA public TO shop_admin;

  CREATE TYPE shop.order_state AS ENUM ('new', 'paid', 'sent', 'it''s back');
  CREATE DOMAIN shop.email AS text CHECK (VALUE ~ '^[^@ ]+@[^@ ]+$');
  CREATE TYPE shop.address AS (street text, city text, zip text);
  CREATE TYPE shop.price_range AS RANGE (subtype = numeric);
  CREATE COLLATION shop.german (provider = icu, locale = 'de-DE');
  CREATE SEQUENCE shop.invoice_number START 1000 INCREMENT 5 CACHE 3;
  CREATE TEXT SEARCH CONFIGURATION shop.plain (COPY = pg_catalog.simple);

  CREATE FUNCTION shop.normalized(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(btrim(value)) $$;
  CREATE FUNCTION shop.gross(net numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN round(net * 1.19, 2);
  CREATE AGGREGATE shop.product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
  CREATE OPERATOR shop.=~ (LEFTARG = text, RIGHTARG = text, FUNCTION = texticregexeq);
  COMMENT ON FUNCTION shop.gross(numeric) IS 'With value added tax';

  CREATE TABLE shop.customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email shop.email NOT NULL UNIQUE,
    name text COLLATE shop.german NOT NULL,
    home shop.address,
    tags text[] NOT NULL DEFAULT '{}',
    preferences jsonb NOT NULL DEFAULT '{}',
    attributes shop.hstore,
    secret bytea,
    updated_at timestamptz NOT NULL DEFAULT timestamptz '2024-01-01 00:00:00+00'
  );
  COMMENT ON TABLE shop.customers IS 'People who bought something';
  COMMENT ON COLUMN shop.customers.secret IS E'bytes\\nof any kind';
  CREATE INDEX customers_name_trigrams ON shop.customers USING gin (name gin_trgm_ops);
  CREATE INDEX customers_normalized ON shop.customers (shop.normalized(name));
  CREATE INDEX customers_preferences ON shop.customers USING gin (preferences);
  CREATE STATISTICS shop.customers_statistics (dependencies) ON id, updated_at FROM shop.customers;

  CREATE TABLE shop.products (
    id serial PRIMARY KEY,
    name text NOT NULL,
    price numeric(10, 2) NOT NULL CHECK (price >= 0),
    gross_price numeric GENERATED ALWAYS AS (shop.gross(price)) STORED,
    valid shop.price_range,
    photo oid,
    search tsvector,
    EXCLUDE USING gist (valid WITH &&)
  );
  CREATE INDEX products_cheap ON shop.products (price DESC NULLS LAST) INCLUDE (name) WHERE price < 10;

  CREATE TABLE shop.orders (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    customer bigint NOT NULL REFERENCES shop.customers ON DELETE CASCADE,
    state shop.order_state NOT NULL DEFAULT 'new',
    ordered_at timestamptz NOT NULL,
    invoice bigint DEFAULT nextval('shop.invoice_number'),
    PRIMARY KEY (id, ordered_at)
  ) PARTITION BY RANGE (ordered_at);
  CREATE TABLE shop.orders_2023 PARTITION OF shop.orders FOR VALUES FROM ('2023-01-01Z') TO ('2024-01-01Z');
  CREATE TABLE shop.orders_2024 PARTITION OF shop.orders FOR VALUES FROM ('2024-01-01Z') TO ('2025-01-01Z');
  CREATE TABLE shop.orders_others PARTITION OF shop.orders DEFAULT;
  CREATE INDEX orders_state ON shop.orders (state);

  CREATE TABLE shop.order_lines (
    order_id bigint NOT NULL,
    ordered_at timestamptz NOT NULL,
    line int NOT NULL,
    product int NOT NULL REFERENCES shop.products DEFERRABLE INITIALLY DEFERRED,
    quantity int NOT NULL,
    PRIMARY KEY (order_id, line),
    FOREIGN KEY (order_id, ordered_at) REFERENCES shop.orders (id, ordered_at)
  );

  CREATE TABLE shop.audit (at timestamptz, what text, who text);
  CREATE FUNCTION shop.note_change() RETURNS trigger LANGUAGE plpgsql AS $body$
  BEGIN
    -- Quotes, semicolons; and 'strings' in a body must survive.
    INSERT INTO shop.audit VALUES (timestamptz '2024-06-01 00:00:00+00', TG_OP || ' ' || OLD.id, 'trigger');
    RETURN NEW;
  END $body$;
  CREATE TRIGGER note_change AFTER UPDATE ON shop.customers FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION shop.note_change();
  CREATE PROCEDURE shop.pay(the_order bigint) LANGUAGE sql
    BEGIN ATOMIC
      UPDATE shop.orders SET state = 'paid' WHERE id = the_order;
      INSERT INTO shop.audit VALUES (timestamptz '2024-06-01 00:00:00+00', 'paid ' || the_order, 'procedure');
    END;

  CREATE VIEW shop.order_totals AS
    SELECT l.order_id, sum(l.quantity * p.price) AS total, shop.gross(sum(l.quantity * p.price)) AS gross
    FROM shop.order_lines l JOIN shop.products p ON p.id = l.product GROUP BY l.order_id;
  CREATE MATERIALIZED VIEW shop.best_customers AS
    SELECT o.customer, count(*) AS orders FROM shop.orders o GROUP BY o.customer HAVING count(*) > 1;
  CREATE UNIQUE INDEX best_customers_customer ON shop.best_customers (customer);
  CREATE MATERIALIZED VIEW shop.never_filled AS SELECT 1 AS one WITH NO DATA;
  CREATE RULE no_deletion AS ON DELETE TO shop.audit DO INSTEAD NOTHING;

  ALTER TABLE shop.audit ENABLE ROW LEVEL SECURITY;
  CREATE POLICY only_the_triggers ON shop.audit FOR SELECT TO shop_reader, CURRENT_USER USING (who = 'trigger');
  CREATE PUBLICATION shop_changes FOR TABLE shop.customers, shop.products;

  CREATE TABLE "Odd schema"."Odd ""table""; it's" ("a ""column""" int PRIMARY KEY, "select" text DEFAULT E'tab\\t; -- ''');
  COMMENT ON TABLE "Odd schema"."Odd ""table""; it's" IS 'GRANT ALL ON "x" TO PUBLIC; -- only a comment';

  SET ROLE shop_owner;
  CREATE TABLE warehouse.places (id int PRIMARY KEY, parent int REFERENCES warehouse.places, name text NOT NULL);
  CREATE TABLE warehouse.stock (
    place int NOT NULL REFERENCES warehouse.places, product int NOT NULL, pieces int NOT NULL, PRIMARY KEY (place, product)
  );
  CREATE SEQUENCE warehouse.movement OWNED BY NONE;
  CREATE TYPE warehouse.kind AS ENUM ('shelf', 'box');
  REVOKE USAGE ON TYPE warehouse.kind FROM PUBLIC;
  CREATE FUNCTION warehouse.pieces_of(the_product int) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = warehouse, pg_temp AS 'SELECT sum(pieces) FROM stock WHERE product = the_product';
  CREATE VIEW warehouse.empty_places AS
    SELECT p.id FROM warehouse.places p WHERE NOT EXISTS (SELECT FROM warehouse.stock s WHERE s.place = p.id);
  CREATE MATERIALIZED VIEW warehouse.totals AS SELECT product, sum(pieces) AS pieces FROM warehouse.stock GROUP BY product;
  RESET ROLE;
  CREATE TABLE shop.returns (id int PRIMARY KEY, reason text) INHERITS (shop.audit);
  GRANT CREATE, USAGE ON SCHEMA shop TO "Shop ""auditor""'s";
  ALTER TABLE shop.returns OWNER TO "Shop ""auditor""'s";
`;

const SHOP_ROWS = `
  INSERT INTO shop.customers (email, name, home, tags, preferences, attributes, secret)
    SELECT format('customer%s@example.org', i), 'Customer ' || md5(i::text),
      ROW(i || ' Main Street', CASE i % 3 WHEN 0 THEN NULL ELSE 'Köln' END, lpad(i::text, 5, '0'))::shop.address,
      ARRAY['t' || i % 7, E'quo"te, \\\\ {}'], jsonb_build_object('n', i, 'deep', jsonb_build_array(i % 5, NULL, 'ü')),
      shop.hstore('key', md5((i * 3)::text)), decode(md5(i::text), 'hex')
    FROM generate_series(1, 20000) i;
  INSERT INTO shop.products (name, price, valid, search)
    SELECT 'Product ' || i, (i % 500) + 0.99, shop.price_range(i, i + 1), to_tsvector('shop.plain', 'product number ' || i)
    FROM generate_series(1, 2000) i;
  INSERT INTO shop.orders (customer, state, ordered_at)
    SELECT 1 + i * 7 % 20000, (enum_range(NULL::shop.order_state))[1 + i % 4], timestamptz '2023-01-01 00:00:00+00' + i * interval '43 minutes'
    FROM generate_series(1, 30000) i;
  INSERT INTO shop.order_lines
    SELECT o.id, o.ordered_at, line, 1 + (o.id * line) % 2000, line * 2
    FROM shop.orders o, generate_series(1, 1 + (o.id % 3)::int) line WHERE o.id <= 20000;
  INSERT INTO "Odd schema"."Odd ""table""; it's" SELECT i, CASE WHEN i % 2 = 0 THEN E'line\\nbreak\\t\\\\.' END FROM generate_series(1, 100) i;
  INSERT INTO warehouse.places SELECT i, nullif(i / 10, 0), 'Place ' || i FROM generate_series(1, 500) i;
  INSERT INTO warehouse.stock SELECT 1 + i % 400, i, i % 17 FROM generate_series(1, 5000) i;
  SELECT setval('warehouse.movement', 4711);
  UPDATE shop.products SET photo = lo_from_bytea(0, decode(repeat(md5(id::text), id * 37), 'hex')) WHERE id <= 40;
  UPDATE shop.customers SET name = name || ' junior' WHERE id % 1000 = 0;
  CALL shop.pay(4);
  INSERT INTO shop.returns (what, who, id, reason)
    SELECT 'return', 'customer', i, 'too ' || i FROM generate_series(1, 50) i;
  REFRESH MATERIALIZED VIEW shop.best_customers;
  REFRESH MATERIALIZED VIEW warehouse.totals;
`;

const SHOP_AFTERWARDS = `
  DO $$
  DECLARE photo oid;
  BEGIN
    FOR photo IN SELECT p.photo FROM shop.products p WHERE p.id <= 10 ORDER BY p.id LOOP
      EXECUTE format('ALTER LARGE OBJECT %s OWNER TO shop_owner', photo);
      EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO shop_reader', photo);
    END LOOP;
    EXECUTE format('COMMENT ON LARGE OBJECT %s IS %L', photo, 'A photo');
  END $$;
  GRANT SELECT, INSERT, UPDATE, DELETE ON shop.customers, shop.orders TO shop_app;
  GRANT SELECT (id, name), UPDATE (name) ON shop.products TO shop_reader;
  GRANT SELECT ON shop.order_totals TO shop_app WITH GRANT OPTION;
  GRANT USAGE ON SEQUENCE shop.invoice_number TO shop_app;
  GRANT ALL ON "Odd schema"."Odd ""table""; it's" TO "Shop ""auditor""'s", PUBLIC;
  GRANT USAGE ON SCHEMA "Odd schema" TO "Shop ""auditor""'s";
  REVOKE EXECUTE ON PROCEDURE shop.pay(bigint) FROM PUBLIC;
  GRANT EXECUTE ON PROCEDURE shop.pay(bigint) TO shop_app;
  SET ROLE shop_app;
  GRANT SELECT ON shop.order_totals TO shop_reader;
  GRANT USAGE ON SCHEMA warehouse TO shop_reader;
  RESET ROLE;
`;

const REPORTS = `
  CREATE EXTENSION pg_trgm;
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  CREATE SCHEMA reports AUTHORIZATION shop_owner;
  COMMENT ON DATABASE ${escapeIdentifier(SAMPLE_REPORTS_DATABASE)} IS 'Numbers for the shop''s "owner"; yearly';
  REVOKE ALL ON DATABASE ${escapeIdentifier(SAMPLE_REPORTS_DATABASE)} FROM PUBLIC;
  GRANT CONNECT ON DATABASE ${escapeIdentifier(SAMPLE_REPORTS_DATABASE)} TO shop_reader;
  SET ROLE shop_owner;
  CREATE TABLE reports.years (year int PRIMARY KEY, turnover numeric NOT NULL);
  INSERT INTO reports.years SELECT y, y * 3.5 FROM generate_series(1990, 2024) y;
  RESET ROLE;
  ALTER DATABASE ${escapeIdentifier(SAMPLE_REPORTS_DATABASE)} OWNER TO shop_owner;
`;

function databaseProperties(database: string): string {
  const name = escapeIdentifier(database);
  return `
    ALTER DATABASE ${name} SET TimeZone = 'Europe/Berlin';
    ALTER DATABASE ${name} SET search_path = shop, "Odd schema", public;
    ALTER DATABASE ${name} CONNECTION LIMIT 60;
    COMMENT ON DATABASE ${name} IS 'The shop';
    ALTER ROLE shop_reader IN DATABASE ${name} SET work_mem = '8MB';
    GRANT TEMPORARY ON DATABASE ${name} TO shop_reader;
  `;
}

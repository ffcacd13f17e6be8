-- As pg_cron's: jobs belong to their users, each of whom sees their own.
CREATE SCHEMA sandbox_cron;
GRANT USAGE ON SCHEMA sandbox_cron TO PUBLIC;
CREATE SEQUENCE sandbox_cron.job_id;
CREATE TABLE sandbox_cron.job (
  id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('sandbox_cron.job_id'),
  command text NOT NULL,
  username text NOT NULL
);
GRANT SELECT ON sandbox_cron.job TO PUBLIC;
ALTER TABLE sandbox_cron.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON sandbox_cron.job USING (username = CURRENT_USER);
CREATE FUNCTION sandbox_cron.schedule(command text) RETURNS bigint
  LANGUAGE sql SECURITY DEFINER SET search_path = sandbox_cron
  AS 'INSERT INTO job (command, username) VALUES (command, session_user) RETURNING id';
SELECT pg_catalog.pg_extension_config_dump('sandbox_cron.job', '');
SELECT pg_catalog.pg_extension_config_dump('sandbox_cron.job_id', '');

-- As PostGIS's spatial_ref_sys: filled by the extension; only what users add is theirs.
CREATE TABLE sandbox_cron.reference (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO sandbox_cron.reference VALUES (1, 'one'), (2, 'two');
GRANT SELECT, INSERT ON sandbox_cron.reference TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sandbox_cron.reference', 'WHERE id > 2');

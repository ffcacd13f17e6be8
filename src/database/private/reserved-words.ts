/**
 * Reserved key words of PostgreSQL, those that may be names of functions or types included
 * (https://www.postgresql.org/docs/current/sql-keywords-appendix.html). RDS refuses them as the name of a database and of
 * the master user (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html).
 */
const KEY_WORDS = `
  all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
  concurrently constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
  full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
  localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning
  right select session_user similar some symmetric system_user table tablesample then to trailing true union unique user
  using variadic verbose when where window with
`;

/** Databases that every instance of RDS has. */
const DATABASES = ['postgres', 'rdsadmin', 'template0', 'template1'];

/** Master users that RDS for PostgreSQL refuses besides. */
const USERS = ['admin', 'rdsadmin', 'rdsproxyadmin', 'replication', 'public', 'none'];

const RESERVED = new Set(KEY_WORDS.trim().split(/\s+/));

/** Whether a name cannot be that of the database which RDS creates. */
export function isReservedDatabaseName(name: string): boolean {
  const lower = name.toLowerCase();
  return RESERVED.has(lower) || DATABASES.includes(lower);
}

/** Whether a name cannot be that of the master user. */
export function isReservedUserName(name: string): boolean {
  const lower = name.toLowerCase();
  return RESERVED.has(lower) || USERS.includes(lower) || /^(?:rds|pg_)/.test(lower);
}

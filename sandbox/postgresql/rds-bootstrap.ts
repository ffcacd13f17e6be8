import { escapeIdentifier, escapeLiteral } from 'pg';

/** Name and password of the master user, whom RDS creates for the customer. */
export interface DatabaseMaster {
  readonly username: string;
  readonly password: string;
}

/** What a new PostgreSQL cluster needs to become like a new RDS instance. */
export interface RdsBootstrapProps {
  readonly major: number;
  readonly master: DatabaseMaster;
  /** @default - only the databases that every RDS instance has */
  readonly databaseName?: string;
}

/** The bootstrap superuser and its database. RDS allows no login as the one and no connection to the other. */
export const RDS_ADMIN = 'rdsadmin';

/**
 * The statements that turn a cluster whose bootstrap superuser is `rdsadmin` into one like an RDS instance. Run them in
 * this order in the database `template1`.
 *
 * Roles, attributes and memberships are those that the RDS User Guide lists ("Understanding the rds_superuser role"),
 * and, for roles newer than the guide, those seen in listings of real instances of 17. Plain PostgreSQL differs from
 * Amazon's in two points:
 *
 * - Real instances show `rds_superuser` as a member of `pg_read_all_data` and `pg_write_all_data` too. In plain
 *   PostgreSQL the first would allow the master to read `pg_authid`, which RDS refuses, so the master here is in neither.
 * - On RDS a member of `rds_superuser` grants `rds_superuser`, `rds_iam` and `rds_ad` without an ADMIN option. Plain
 *   PostgreSQL requires one from 16 on; before, CREATEROLE is enough. So the master has the option here.
 */
export function rdsBootstrapStatements(props: RdsBootstrapProps): string[] {
  const master = escapeIdentifier(props.master.username);
  const password = escapeLiteral(props.master.password);
  const grantsNeedAdmin = props.major >= 16;
  return [
    // In single-user mode new objects get OIDs from the range of PostgreSQL's own objects (below 16384). pg_dump and other
    // programs recognize PostgreSQL's objects by that range, so it is used up first.
    `SELECT max(pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')) FROM generate_series(1, ${OWN_OBJECTS_RANGE})`,
    `ALTER ROLE ${RDS_ADMIN} VALID UNTIL 'infinity'`,
    ...GROUP_ROLES.map((role) => `CREATE ROLE ${role} NOLOGIN`),
    ...RESERVED_ROLES.map((role) => `CREATE ROLE ${role} NOLOGIN NOINHERIT`),
    `CREATE ROLE rdstopmgr LOGIN VALID UNTIL 'infinity'`,
    'GRANT pg_monitor TO rdstopmgr',
    `GRANT ${rolesOfRdsSuperuser(props.major).join(', ')} TO rds_superuser WITH ADMIN OPTION`,
    ...(grantsNeedAdmin
      ? ['GRANT rds_iam, rds_ad, rds_extension TO rds_superuser WITH ADMIN TRUE, INHERIT FALSE, SET FALSE']
      : []),

    `CREATE ROLE ${master} LOGIN CREATEDB CREATEROLE PASSWORD ${password} VALID UNTIL 'infinity'`,
    `GRANT rds_superuser TO ${master}${grantsNeedAdmin ? ' WITH ADMIN OPTION' : ''}`,

    `ALTER DATABASE postgres OWNER TO ${master}`,
    `ALTER DATABASE template1 OWNER TO ${master}`,
    ...handOverPublicSchema(props),
    `CREATE DATABASE ${RDS_ADMIN}`,
    `REVOKE ALL ON DATABASE ${RDS_ADMIN} FROM PUBLIC`,
    `GRANT CONNECT, TEMPORARY ON DATABASE ${RDS_ADMIN} TO rdstopmgr`,
    ...(props.databaseName ? [`CREATE DATABASE ${escapeIdentifier(props.databaseName)} OWNER ${master}`] : []),
  ];
}

/**
 * Up to PostgreSQL 14 the schema `public` belongs to the user who ran initdb, and RDS gives it to the master: dumps of
 * such instances begin with `REVOKE ALL ON SCHEMA public FROM rdsadmin`. Later versions have `pg_database_owner` for
 * this. Run it in `template1`, before other databases are created from it, and in `postgres`.
 */
export function handOverPublicSchema({ major, master }: RdsBootstrapProps): string[] {
  return major >= 15 ? [] : [`ALTER SCHEMA public OWNER TO ${escapeIdentifier(master.username)}`];
}

/**
 * The rules of `pg_hba.conf`, as with RDS's default `rds.force_ssl=1`: every user may connect with TLS and a password,
 * except `rdsadmin`, to every database except `rdsadmin`. As on RDS, that database allows connections by its own flag
 * (`datallowconn`): tools that list databases try to connect to it, and are refused.
 */
export const RDS_CLIENT_AUTHENTICATION = `
# TYPE   DATABASE      USER          ADDRESS        METHOD
host     ${RDS_ADMIN}  all           all            reject
host     all           ${RDS_ADMIN}  all            reject
hostssl  all           all           127.0.0.1/32   scram-sha-256
`;

/** initdb leaves the OID counter between 12000 and 16384. */
const OWN_OBJECTS_RANGE = 16_384 - 12_000;

const GROUP_ROLES = ['rds_superuser', 'rds_password', 'rds_replication', 'rds_iam', 'rds_ad'];

const RESERVED_ROLES = ['rds_extension', 'rds_reserved'];

function rolesOfRdsSuperuser(major: number): string[] {
  return [
    'rds_password',
    'rds_replication',
    'pg_monitor',
    'pg_signal_backend',
    ...(major >= 15 ? ['pg_checkpoint'] : []),
    ...(major >= 16 ? ['pg_use_reserved_connections', 'pg_create_subscription'] : []),
    ...(major >= 17 ? ['pg_maintain'] : []),
  ];
}

import { escapeIdentifier, escapeLiteral } from 'pg';

/** The name and the password of the user that RDS makes for the customer. */
export interface DatabaseMaster {
  readonly username: string;
  readonly password: string;
}

/** What makes a fresh PostgreSQL into one as RDS hands it over. */
export interface RdsBootstrapProps {
  readonly major: number;
  readonly master: DatabaseMaster;
  /** @default - only the databases that every RDS instance has */
  readonly databaseName?: string;
}

/** The bootstrap superuser, and the database that is its own: RDS lets nobody be the one or enter the other. */
export const RDS_ADMIN = 'rdsadmin';

/**
 * The statements that turn a cluster whose bootstrap superuser is `rdsadmin` into one as on RDS, in order, to be run in
 * the database `template1`.
 *
 * Roles, attributes and memberships are those that the RDS User Guide lists ("Understanding the rds_superuser role"),
 * and, for roles newer than the guide, those seen in listings of real instances of 17. Where plain PostgreSQL cannot
 * do what Amazon's does:
 *
 * - Real instances show `rds_superuser` as a member of `pg_read_all_data` and `pg_write_all_data` too. In plain
 *   PostgreSQL the first would let the master read `pg_authid`, which RDS refuses, so the master here has less.
 * - On RDS a member of `rds_superuser` grants `rds_superuser`, `rds_iam` and `rds_ad` without an ADMIN option. Plain
 *   PostgreSQL wants one from 16 on; before, CREATEROLE is enough. It is given here, so that a master can do as much.
 */
export function rdsBootstrapStatements(props: RdsBootstrapProps): string[] {
  const master = escapeIdentifier(props.master.username);
  const password = escapeLiteral(props.master.password);
  const grantsNeedAdmin = props.major >= 16;
  return [
    // In single-user mode new objects take numbers from the range of PostgreSQL's own (below 16384), by which programs
    // tell them apart, pg_dump among them. So that range is used up first.
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
 * Up to PostgreSQL 14 the schema `public` belongs to whoever ran initdb, and RDS gives it to the master: dumps of such
 * instances begin with `REVOKE ALL ON SCHEMA public FROM rdsadmin`. Later versions have `pg_database_owner` for this.
 * To be run in `template1`, before other databases are made from it, and in `postgres`.
 */
export function handOverPublicSchema({ major, master }: RdsBootstrapProps): string[] {
  return major >= 15 ? [] : [`ALTER SCHEMA public OWNER TO ${escapeIdentifier(master.username)}`];
}

/**
 * Who may connect (`pg_hba.conf`), as with RDS's default `rds.force_ssl=1`: everybody with TLS and a password, nobody
 * without TLS, nobody as `rdsadmin`, nobody to the database `rdsadmin`. As on RDS that database is not closed to
 * connections by its own flag: tools that list databases see it as one they could enter, and are then turned away.
 */
export const RDS_CLIENT_AUTHENTICATION = `
# TYPE   DATABASE      USER          ADDRESS        METHOD
host     ${RDS_ADMIN}  all           all            reject
host     all           ${RDS_ADMIN}  all            reject
hostssl  all           all           127.0.0.1/32   scram-sha-256
`;

/** initdb leaves the counter somewhere between 12000 and 16384. */
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

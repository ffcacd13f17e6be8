import { InvalidInput } from '../private/invalid-input';

/**
 * The oldest major version of PostgreSQL that RDS still offers, Extended Support included
 * (https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html).
 */
const OLDEST_MAJOR = 11;

/** The major version of the clients in the function's layer: `pg_dump` refuses a server that is newer. */
const NEWEST_MAJOR = 18;

/** The program that serves a database, and its version. */
export class DatabaseEngine {
  /**
   * PostgreSQL.
   *
   * @param version a major version such as `17`, of which RDS takes the newest minor one and keeps it new, or a full
   * version such as `17.5`
   * @throws where RDS does not offer the version, or the clients of the backup function are too old for it
   */
  static postgreSql(version: string): DatabaseEngine {
    const major = /^(\d{2})(\.\d{1,2})?$/.exec(version)?.[1];
    if (major === undefined || Number(major) < OLDEST_MAJOR) {
      throw InvalidInput.of(
        `A PostgreSQL version is a major version from ${OLDEST_MAJOR} to ${NEWEST_MAJOR}, such as "17", or a full one, such as "17.5".`,
        version,
        'Name a version that RDS offers.',
      );
    }
    if (Number(major) > NEWEST_MAJOR) {
      throw InvalidInput.of(
        `The clients that make the backups are of PostgreSQL ${NEWEST_MAJOR} and cannot dump a newer server.`,
        version,
        `Use PostgreSQL ${NEWEST_MAJOR} or older, or a later release of this library.`,
      );
    }
    return new DatabaseEngine('postgres', version, Number(major));
  }

  private constructor(
    /** The engine as RDS names it. */
    readonly name: string,
    /** The version as it was given. */
    readonly version: string,
    /** The major version. */
    readonly majorVersion: number,
  ) {}

  /** The family of parameter groups that belongs to this engine, `postgres17`. */
  get parameterGroupFamily(): string {
    return `${this.name}${this.majorVersion}`;
  }
}

import { Token } from 'cdktf';
import { isSupportedMajor, NEWEST_MAJOR, OLDEST_MAJOR } from '../contract/postgresql-majors';
import { Problem } from '../private/invalid-input';

/** The program that serves a database, and its version. */
export class DatabaseEngine {
  /**
   * PostgreSQL 13 to 18.
   *
   * With a major version such as `17`, RDS takes its newest minor version and keeps it up to date. With a full version
   * such as `17.5`, the instance stays at that version until the program names another.
   *
   * @param version a major version or a full one. A version outside of 13 to 18 is refused by the construct that takes
   * the engine.
   */
  static postgres(version: string): DatabaseEngine {
    const problem = versionProblem(version);
    return new DatabaseEngine(version, Number(String(version).split('.')[0]), problem ? [problem] : []);
  }

  /** The engine as RDS names it, `postgres`. */
  readonly name: string = 'postgres';

  private constructor(
    /** The version as it was given. */
    readonly version: string,
    /** The major version, such as 17. */
    readonly majorVersion: number,
    /** @internal */
    readonly _problems: readonly Problem[],
  ) {}

  /** The family of parameter groups that belongs to the engine, such as `postgres17`. */
  get parameterGroupFamily(): string {
    return `${this.name}${this.majorVersion}`;
  }

  /**
   * The minor version where a full version was given.
   *
   * @internal
   */
  get _minorVersion(): number | undefined {
    const [, minor] = this.version.split('.');
    return minor === undefined ? undefined : Number(minor);
  }
}

function versionProblem(version: string): Problem | undefined {
  const rule = `DatabaseEngine.postgres takes a version from ${OLDEST_MAJOR} to ${NEWEST_MAJOR}, such as "17" or "17.5".`;
  const remedy = `Name a major version from ${OLDEST_MAJOR} to ${NEWEST_MAJOR}, alone or with its minor version.`;
  if (Token.isUnresolved(version)) {
    return { rule, value: version, remedy: 'Write the version out: it decides about the parameter group.' };
  }
  const major = Number(/^(\d{2})(\.\d{1,2})?$/.exec(String(version))?.[1]);
  return isSupportedMajor(major) ? undefined : { rule, value: version, remedy };
}

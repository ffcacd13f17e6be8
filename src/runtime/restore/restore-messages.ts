/** What `pg_restore --verbose` wrote to standard error, sorted. */
export interface RestoreMessages {
  /** Errors that are harmless and named in the list below, and warnings of the server. */
  readonly passedOver: readonly string[];
  /** The server refused an object. */
  readonly refusals: readonly Refusal[];
  /** Everything else: each one fails the restore. */
  readonly failures: readonly string[];
}

/** A statement for an entry of the archive, which the server refused. */
export interface Refusal {
  /** The entry's number in the archive's table of contents. */
  readonly dumpId: number;
  /** Its kind, name and owner, as in the listing, but without its schema. */
  readonly entry: string;
  /** The words of the server. */
  readonly message: string;
  readonly statement: string;
}

/** The only problems that are passed over: nothing of the backup is missing after them. */
const HARMLESS: readonly RegExp[] = [
  // A setting of the load's own session, which newer clients make and older servers do not know.
  /^ERROR: {2}unrecognized configuration parameter "(transaction_timeout|idle_session_timeout)"/,
  // The server did what it was asked to, and has something to say about it, such as of its own settings.
  /^WARNING: .*/,
];

/** What is wrong with the server or with the run, not with the object. */
const NOT_ABOUT_THE_OBJECT =
  /No space left on device|could not extend file|out of memory|canceling statement|deadlock detected|shutting down|in recovery mode|connection/;

const REFUSED = /^error: could not execute query: (ERROR: {2}.*?)\nCommand was: (.*)$/s;
/** Of a table: an access method that the server does not have. It is created with the default one. */
const REFUSED_ACCESS_METHOD =
  /^error: could not set "(default_table_access_method)": (ERROR: {2}invalid value for parameter "\1": "([^\n]*)".*)$/s;
/** Everything else says what is being done. */
const PROBLEM = /^(error|warning|ERROR|WARNING|FATAL|PANIC): /;
const SUMMARY = /^warning: errors ignored on restore: \d+$/;
const STAGE = /^while (INITIALIZING|PROCESSING TOC|FINALIZING):?$/;
const ENTRY = /^from TOC entry (\d+); \d+ \d+ (.*)$/s;

/**
 * Sorts the standard error of `pg_restore --verbose`: without that option an error does not say which entry it is about.
 * Its exit code says little: a client newer than its server ends with 1 although all went well.
 */
export function sortMessages(stderr: string): RestoreMessages {
  const [others, ...messages] = stderr.split(/^pg_restore: /m).map((message) => message.trim());
  const passedOver: string[] = [];
  const refusals: Refusal[] = [];
  const failures = others === '' ? [] : [others];
  // pg_restore names an entry once, before the first message about it.
  let current: Pick<Refusal, 'dumpId' | 'entry'> | undefined;
  for (const message of messages) {
    const entry = ENTRY.exec(message);
    if (entry) current = { dumpId: Number(entry[1]), entry: entry[2] };
    if (STAGE.test(message)) current = undefined;
    if (!PROBLEM.test(message) || SUMMARY.test(message)) continue;
    const [words, statement] = refusedStatement(message);
    const harmless = HARMLESS.map((pattern) => pattern.exec(words ?? message)?.[0]).find((text) => text !== undefined);
    if (harmless) {
      passedOver.push(harmless);
    } else if (words && current !== undefined && !NOT_ABOUT_THE_OBJECT.test(words)) {
      refusals.push({ ...current, message: words, statement: statement! });
    } else {
      failures.push(message);
    }
  }
  return { passedOver: [...new Set(passedOver)], refusals, failures };
}

/** What the server said to which statement; nothing for another message. */
function refusedStatement(message: string): [words?: string, statement?: string] {
  const [, setting, reason, value] = REFUSED_ACCESS_METHOD.exec(message) ?? [];
  if (setting !== undefined) return [reason, `SET ${setting} = "${value}";`];
  const [, words, statement] = REFUSED.exec(message) ?? [];
  return [words, statement];
}

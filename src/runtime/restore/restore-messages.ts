/** What pg_restore said, judged. */
export interface JudgedMessages {
  /** Harmless and named in the list below. */
  readonly passedOver: readonly string[];
  /** Everything else: each one fails the restore. */
  readonly failures: readonly string[];
}

/** The only messages that are passed over: nothing of the backup is missing after them. */
const HARMLESS: readonly RegExp[] = [
  // A setting of the load's own session, which newer clients make and older servers do not know.
  /^error: could not execute query: ERROR: {2}unrecognized configuration parameter "(transaction_timeout|idle_session_timeout)"/,
];

/** Says where it is, or sums up; judged by the message that it belongs to. */
const CONTEXT =
  /^(while (INITIALIZING|PROCESSING TOC|FINALIZING):?|from TOC entry .*|warning: errors ignored on restore: \d+)\s*$/s;

/**
 * Judges the standard error of pg_restore. Its exit code says nothing: a client newer than its server ends with 1
 * although all went well.
 */
export function judgeMessages(stderr: string): JudgedMessages {
  const messages = stderr
    .split(/^pg_restore: /m)
    .map((message) => message.trim())
    .filter((message) => message !== '');
  const passedOver: string[] = [];
  const failures: string[] = [];
  let where = '';
  for (const message of messages) {
    const place = /^from TOC entry (.*)$/s.exec(message);
    if (place) where = ` (entry ${place[1]})`;
    if (CONTEXT.test(message)) continue;
    const harmless = HARMLESS.map((pattern) => pattern.exec(message)?.[0]).find((text) => text !== undefined);
    if (harmless === undefined) failures.push(`${message}${where}`);
    else passedOver.push(harmless.replace('error: could not execute query: ', ''));
    where = '';
  }
  return { passedOver: [...new Set(passedOver)], failures };
}

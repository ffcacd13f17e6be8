import { Token } from 'cdktf';
import { IConstruct } from 'constructs';

/** What is wrong with a value: the rule that it breaks, the value, and what to do instead. */
export interface Problem {
  readonly rule: string;
  readonly value: unknown;
  readonly remedy: string;
}

/**
 * The error for wrong input: the rule, the value, the remedy and the path of the construct.
 *
 * `InvalidInput.of('A path …', 'a//b', 'Write it as a/b.', this)` reads
 * `A path … Got "a//b". Write it as a/b. (at Stack/Database)`.
 */
export class InvalidInput extends Error {
  static of(rule: string, value: unknown, remedy: string, scope?: IConstruct): InvalidInput {
    return new InvalidInput({ rule, value, remedy }, scope);
  }

  /** Throws the first of the problems with the path of the construct; without a problem it does nothing. */
  static check(scope: IConstruct, problems: readonly (Problem | undefined)[]): void {
    const first = problems.find((problem) => problem !== undefined);
    if (first) {
      throw new InvalidInput(first, scope);
    }
  }

  private constructor(
    readonly problem: Problem,
    scope?: IConstruct,
  ) {
    const where = scope ? ` (at ${scope.node.path})` : '';
    super(`${problem.rule} Got ${describeValue(problem.value)}. ${problem.remedy}${where}`);
    this.name = 'InvalidInput';
  }
}

/** Longest text of a value in an error, in characters: a certificate need not be repeated whole. */
const LONGEST_VALUE = 200;

/** A value as an error shows it: without the password of a URL and without its query, which may carry a signature. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) {
    return 'nothing';
  }
  if (typeof value !== 'object' && Token.isUnresolved(value)) {
    return 'a value that only Terraform knows';
  }
  const text = typeof value === 'number' ? String(value) : (safeJson(value) ?? String(value));
  const shown = text.replace(/(:\/\/[^\s":@/]*):[^\s"]*@/g, '$1:…@').replace(/(:\/\/[^\s"?]*)\?[^\s"]*/g, '$1?…');
  return shown.length > LONGEST_VALUE ? `${shown.slice(0, LONGEST_VALUE)}…` : shown;
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

import { IConstruct } from 'constructs';

/**
 * The error of a wrong prop: the rule, the value it got, what to do, and the construct's path where there is one.
 *
 * `InvalidInput.of('A path …', 'a//b', 'Write it as a/b.', this)` reads
 * `A path … Got "a//b". Write it as a/b. (at Stack/Database)`.
 */
export class InvalidInput extends Error {
  static of(rule: string, value: unknown, remedy: string, scope?: IConstruct): InvalidInput {
    const where = scope ? ` (at ${scope.node.path})` : '';
    return new InvalidInput(`${rule} Got ${JSON.stringify(value) ?? 'nothing'}. ${remedy}${where}`);
  }

  private constructor(message: string) {
    super(message);
    this.name = 'InvalidInput';
  }
}

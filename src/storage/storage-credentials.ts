import { DefaultTokenResolver, StringConcat, TerraformStack, TerraformVariable, Token, Tokenization } from 'cdktf';
import { IConstruct } from 'constructs';
import { given } from '../private/given';
import { Problem } from '../private/invalid-input';
import * as rules from '../private/rules';

/** More about a secret that holds the keys of a storage. */
export interface StorageSecretOptions {
  /**
   * ARN of the KMS key that encrypts the secret; the backup function is granted `kms:Decrypt` on it. The ARN of an alias
   * is refused.
   *
   * @default - the account's own key of Secrets Manager, which needs no grant
   */
  readonly kmsKeyArn?: string;
}

/** A pair of keys of a storage. Each value is one that Terraform learns when it runs. */
export interface StorageKeys {
  /** The access key id: `stringValue` of a sensitive Terraform variable, or an attribute of a resource. */
  readonly accessKeyId: string;
  /** The secret access key: `stringValue` of a sensitive Terraform variable, or an attribute of a resource. */
  readonly secretAccessKey: string;
}

/** How the backup function authenticates to a storage. */
export class StorageCredentials {
  /**
   * A Secrets Manager secret that holds `{"accessKeyId", "secretAccessKey"}`, and `sessionToken` if there is one.
   *
   * @param secretArn ARN of the secret. Another text is refused by the construct that takes the credentials.
   * @param options the key of the secret.
   */
  static fromSecret(secretArn: string, options: StorageSecretOptions = {}): StorageCredentials {
    return new StorageCredentials('secret', secretArn, given(options).kmsKeyArn);
  }

  /**
   * A pair of keys in Terraform variables. They are written into a secret by write-only arguments, so that neither the
   * program nor the state holds them (Terraform 1.11 or newer). A key that would end in the synthesized JSON is refused
   * by the construct that takes the credentials: a literal, a literal inside of a function or a Lazy, text around a
   * token, a variable with a default.
   */
  static fromKeys(keys: StorageKeys): StorageCredentials {
    return new StorageCredentials('keys', undefined, undefined, keys?.accessKeyId, keys?.secretAccessKey);
  }

  /** Amazon S3 through the function's own role: no keys at all. */
  static fromRole(): StorageCredentials {
    return new StorageCredentials('role');
  }

  /** @internal */
  readonly _problems: readonly Problem[];

  private constructor(
    /** @internal */
    readonly _kind: 'secret' | 'keys' | 'role',
    /** @internal */
    readonly _secretArn?: string,
    /** @internal */
    readonly _kmsKeyArn?: string,
    /** @internal */
    readonly _accessKeyId?: string,
    /** @internal */
    readonly _secretAccessKey?: string,
  ) {
    const problems =
      _kind === 'secret'
        ? [
            rules.required(
              'The secret ARN of StorageCredentials.fromSecret',
              _secretArn,
              'Pass the ARN of the secret.',
            ),
            rules.secretArn('The value for StorageCredentials.fromSecret', _secretArn),
            rules.kmsKeyArn('kmsKeyArn', _kmsKeyArn),
          ]
        : [];
    this._problems = problems.filter((problem) => problem !== undefined);
  }

  /**
   * What is wrong with the keys. It can only be known inside of a stack, whose tokens can be resolved.
   *
   * @internal
   */
  _keyProblems(scope: IConstruct): (Problem | undefined)[] {
    return this._kind === 'keys'
      ? [
          keyProblem('accessKeyId', this._accessKeyId, scope),
          keyProblem('secretAccessKey', this._secretAccessKey, scope),
        ]
      : [];
  }
}

/** The problem of a key that would end in the synthesized JSON. The key itself is never shown. */
function keyProblem(name: string, key: string | undefined, scope: IConstruct): Problem | undefined {
  const remedy = `Declare new TerraformVariable(this, "${name}", { sensitive: true }) without a default and pass its stringValue.`;
  return (
    rules.required(`${name} of StorageCredentials.fromKeys`, key, remedy) ??
    (isReference(key!, scope)
      ? undefined
      : {
          rule: `StorageCredentials.fromKeys takes values that Terraform learns when it runs: this ${name} would end in the synthesized JSON.`,
          value: '(not shown)',
          remedy,
        })
  );
}

/** Whether a key is nothing but a reference, to what is not written in the program either. */
function isReference(key: string, scope: IConstruct): boolean {
  if (typeof key !== 'string' || !Token.isUnresolved(key)) {
    return false;
  }
  const fragments = Tokenization.reverseString(key);
  if (fragments.tokens.length !== 1 || fragments.literals.length > 0 || fragments.intrinsic.length > 0) {
    return false;
  }
  const resolver = new DefaultTokenResolver(new StringConcat());
  const expression: unknown = Tokenization.resolve(key, { scope, resolver, preparing: false });
  if (typeof expression !== 'string' || !/^\$\{[^]*\}$/.test(expression)) {
    return false;
  }
  // A name in brackets picks a field, as in jsondecode(…)["password"]; any other text in quotation marks is a literal.
  if (expression.replace(/\["[A-Za-z_][A-Za-z0-9_]{0,31}"\]/g, '').includes('"')) {
    return false;
  }
  return !TerraformStack.of(scope)
    .node.findAll()
    .some(
      (node) =>
        node instanceof TerraformVariable &&
        node.default !== undefined &&
        new RegExp(`\\bvar\\.${node.friendlyUniqueId}\\b`).test(expression),
    );
}

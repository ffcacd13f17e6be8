import { Token } from 'cdktf';
import { InvalidInput } from '../private/invalid-input';

/** More about a secret that holds the keys of a storage. */
export interface StorageSecretOptions {
  /**
   * Key that encrypts the secret; the backup function is granted `kms:Decrypt` on it.
   *
   * @default - the account's own key of Secrets Manager, which asks for no grant
   */
  readonly kmsKeyArn?: string;
}

/** How the backup function proves to a storage who it is. */
export class StorageCredentials {
  /**
   * A Secrets Manager secret that holds `{"accessKeyId", "secretAccessKey"}`, and `sessionToken` if there is one.
   *
   * @throws where the text is no ARN of a secret
   */
  static fromSecret(secretArn: string, options: StorageSecretOptions = {}): StorageCredentials {
    if (!Token.isUnresolved(secretArn) && !/^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:.+$/.test(secretArn)) {
      throw InvalidInput.of(
        'StorageCredentials.fromSecret takes the ARN of a Secrets Manager secret.',
        secretArn,
        'Copy the ARN of the secret that holds {"accessKeyId", "secretAccessKey"}.',
      );
    }
    return new StorageCredentials('secret', secretArn, options.kmsKeyArn);
  }

  /**
   * A pair of keys in Terraform variables. They are written into a secret by write-only arguments, so that neither the
   * program nor the state holds them (Terraform 1.11 or newer).
   *
   * @throws where a key is written out in the program
   */
  static fromKeys(accessKeyId: string, secretAccessKey: string): StorageCredentials {
    for (const key of [accessKeyId, secretAccessKey]) {
      if (!Token.isUnresolved(key)) {
        throw InvalidInput.of(
          'StorageCredentials.fromKeys takes values that Terraform is given when it runs: a key written in a program ends in its synthesized JSON.',
          '(not shown)',
          'Declare new TerraformVariable(this, "secretAccessKey", { sensitive: true }) and pass its stringValue.',
        );
      }
    }
    return new StorageCredentials('keys', undefined, undefined, accessKeyId, secretAccessKey);
  }

  /** Amazon S3 through the function's own role: no keys at all. */
  static fromRole(): StorageCredentials {
    return new StorageCredentials('role');
  }

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
  ) {}
}

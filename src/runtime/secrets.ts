import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { withDeadline } from './with-deadline';

/** Reads secrets. */
export interface Secrets {
  /**
   * The text of a secret: of the named version, else of the current one.
   *
   * @throws the error of the SDK, for the caller to classify.
   */
  read(secretArn: string, versionId?: string): Promise<string>;
}

const CONNECT_MS = 3_000;
const REQUEST_MS = 5_000;

/** Secrets Manager, within 5 seconds a secret, one retry of a transient fault included. */
export class SecretsManager implements Secrets {
  async read(secretArn: string, versionId?: string): Promise<string> {
    // A secret may be in another region than the program: its ARN says in which.
    const region = /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretArn)?.[1];
    const client = new SecretsManagerClient({
      ...(region === undefined ? {} : { region }),
      maxAttempts: 2,
      requestHandler: new NodeHttpHandler({ connectionTimeout: CONNECT_MS, socketTimeout: CONNECT_MS }),
    });
    const command = new GetSecretValueCommand({ SecretId: secretArn, VersionId: versionId });
    try {
      // The search for credentials ignores the signal, which is why the deadline does not wait for the request to end.
      const secret = await withDeadline(
        REQUEST_MS,
        async (abortSignal) => client.send(command, { abortSignal }),
        () => {
          throw Object.assign(new Error(`Secrets Manager took longer than ${REQUEST_MS} ms.`), { name: 'AbortError' });
        },
      );
      return secret.SecretString ?? Buffer.from(secret.SecretBinary ?? []).toString('utf8');
    } finally {
      client.destroy();
    }
  }
}

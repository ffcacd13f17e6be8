import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Reads secrets. */
export interface Secrets {
  /**
   * The text of a secret: of the named version, else of the current one.
   *
   * @throws the error of the SDK, for whoever asked to classify.
   */
  read(secretArn: string, versionId?: string): Promise<string>;
}

const CONNECT_MS = 3_000;
const REQUEST_MS = 5_000;

/** Secrets Manager, within 5 seconds a secret, one retry of a passing fault included. */
export class SecretsManager implements Secrets {
  async read(secretArn: string, versionId?: string): Promise<string> {
    // A secret may live in another region than the program: its ARN says where.
    const region = /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretArn)?.[1];
    const client = new SecretsManagerClient({
      ...(region === undefined ? {} : { region }),
      maxAttempts: 2,
      requestHandler: new NodeHttpHandler({ connectionTimeout: CONNECT_MS, socketTimeout: CONNECT_MS }),
    });
    let timer: NodeJS.Timeout | undefined;
    const abort = new AbortController();
    // The signal ends the request; the race ends a search for credentials, which does not listen to it.
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(Object.assign(new Error(`Secrets Manager took longer than ${REQUEST_MS} ms.`), { name: 'AbortError' }));
        abort.abort();
      }, REQUEST_MS);
    });
    try {
      const command = new GetSecretValueCommand({ SecretId: secretArn, VersionId: versionId });
      const answered = client.send(command, { abortSignal: abort.signal });
      answered.catch(() => undefined);
      const secret = await Promise.race([late, answered]);
      return secret.SecretString ?? Buffer.from(secret.SecretBinary ?? []).toString('utf8');
    } finally {
      clearTimeout(timer);
      client.destroy();
    }
  }
}

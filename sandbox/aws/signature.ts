import { createHash, createHmac } from 'node:crypto';

/** The keys of a user of an AWS account, or of something that speaks as AWS does. */
export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface RequestToSign {
  readonly method: 'GET' | 'POST';
  readonly host: string;
  readonly body: string;
  readonly service: string;
  readonly region: string;
}

/**
 * The headers that sign a request to `/` without a query, by AWS's Signature Version 4: the one service called this
 * way, IAM, has no client among the packages of this repository.
 */
export function signedHeaders(request: RequestToSign, keys: AccessKeys, now = new Date()): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [time.slice(0, 8), request.region, request.service, 'aws4_request'];
  const headers = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host: request.host,
    'x-amz-date': time,
  };
  const names = Object.keys(headers).join(';');
  const canonical = [
    request.method,
    '/',
    '',
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256(request.body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce((secret: string | Buffer, part) => hmac(secret, part), `AWS4${keys.secretAccessKey}`);
  const signature = hmac(key, text).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

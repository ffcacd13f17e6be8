import { IncomingHttpHeaders, request as httpRequest, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** A request to an AWS service, read whole. */
export interface AwsRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The service that a request is for, out of the scope of its signature: `lambda`, `rds`, …; empty if it has none. */
export function serviceOf(headers: IncomingHttpHeaders): string {
  return /Credential=[^/]*\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** The path without query, each segment decoded: an ARN in it may hold `%2F` and `%3A`. */
export function segmentsOf(request: AwsRequest): string[] {
  return request.url.split('?')[0].split('/').filter(Boolean).map(decodeURIComponent);
}

export function queryOf(request: AwsRequest): URLSearchParams {
  return new URLSearchParams(request.url.split('?')[1] ?? '');
}

/** Sends a request and reads the answer whole. */
export async function send(
  endpoint: string,
  request: AwsRequest,
  certificateAuthorityPem?: string,
): Promise<AwsResponse> {
  const { protocol, hostname, port } = new URL(endpoint);
  const { connection, 'transfer-encoding': chunked, ...headers } = request.headers;
  const options: RequestOptions & { ca?: string } = {
    hostname: hostname === 'localhost' ? '127.0.0.1' : hostname,
    port,
    path: request.url,
    method: request.method,
    headers: { ...headers, 'content-length': String(request.body.length) },
    // moto closes a connection after each answer.
    agent: false,
    ...(protocol === 'https:' && { servername: hostname, ca: certificateAuthorityPem }),
  };
  return new Promise((resolve, reject) => {
    const sent = (protocol === 'https:' ? httpsRequest : httpRequest)(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject);
    sent.end(request.body);
  });
}

/** Headers that say which service an unsigned request of the sandbox itself is for; moto wants no more. */
export function addressedTo(service: string, region: string): Record<string, string> {
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=sandbox/20200101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=none`,
  };
}

/** An answer in the JSON that Lambda, Scheduler and others speak. */
export function jsonResponse(status: number, content: unknown, headers: Record<string, string> = {}): AwsResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(content === undefined ? '' : JSON.stringify(content)),
  };
}

/** A refusal in that JSON. `name` is that of the exception that the AWS SDK throws. */
export function jsonRefusal(status: number, name: string, message: string): AwsResponse {
  return jsonResponse(status, { Type: 'User', message, Message: message }, { 'x-amzn-errortype': name });
}

/** A refusal in the XML that RDS, IAM and others speak. */
export function xmlRefusal(status: number, code: string, message: string): AwsResponse {
  const text = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>sandbox</RequestId></ErrorResponse>`;
  return { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(text) };
}

/** A refusal in the form of the service. */
export function refusalIn(
  service: string,
  request: AwsRequest,
  status: number,
  code: string,
  message: string,
): AwsResponse {
  if (request.headers['x-amz-target'] !== undefined) {
    const content = { __type: code, message, Message: message };
    return jsonResponse(status, content, { 'content-type': 'application/x-amz-json-1.1' });
  }
  if (service === 'lambda' || service === 'scheduler') return jsonRefusal(status, code, message);
  if (service === 's3') {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message><RequestId>SANDBOX</RequestId><HostId>sandbox</HostId></Error>`;
    return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) };
  }
  if (service === 'ec2') {
    const text = `<Response><Errors><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error></Errors><RequestID>sandbox</RequestID></Response>`;
    return { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(text) };
  }
  return xmlRefusal(status, code, message);
}

export function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

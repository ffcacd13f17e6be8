import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { AgentOptions, Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  PutObjectCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { errorKindOfMessage, isRetriedByBackups } from '../../contract/diagnosis/error-kinds';
import { Bounds } from '../../contract/diagnosis/fault';
import { OperationResult, OwnCode } from '../../contract/diagnosis/operation-result';
import { StorageSettings } from '../../contract/storage-settings';
import { withDeadline } from '../with-deadline';

/** Keys of a storage. */
export interface StorageKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** How one operation ended. */
export interface StorageAnswer {
  readonly result: OperationResult;
  /** What a GET gave. */
  readonly bytes?: Buffer;
  /** The size of an object that was asked for. */
  readonly size?: number;
  /** Of a DELETE: the store keeps the deleted object as an older version. */
  readonly versioned?: boolean;
  /**
   * Of a PUT: the store answered a digest that is not that of the body. Some stores give an `ETag` that looks like a
   * digest and is none, so only what is stored can tell.
   */
  readonly otherDigest?: boolean;
}

/** The longest error answer, and the longest answer to a PUT or DELETE, that is read. */
const LONGEST_ERROR_BYTES = 64 * 1024;

/**
 * A client of one S3-compatible store that sends one request an operation: no retries, every wait bounded, every end of
 * an operation returned as a value. It throws for nothing that the store or the network does.
 */
export class StorageClient {
  /** Milliseconds by which the storage's clock is ahead, by the `Date` of its last answer. */
  clockOffsetMs?: number;
  /** Whether the store checks a body by the SHA-256 of its checksum header; undefined before the first PUT. */
  private checksSha256?: boolean;
  private readonly s3: S3Client;

  /** Without keys, the SDK finds those of the program's role. */
  constructor(
    private readonly settings: StorageSettings,
    keys: StorageKeys | undefined,
    private readonly bounds: Bounds,
  ) {
    this.s3 = new S3Client({
      region: settings.region,
      ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
      ...(keys === undefined ? {} : { credentials: keys }),
      forcePathStyle: settings.pathStyle,
      maxAttempts: 1,
      // Checksums that nobody asked for break half of the stores.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // Not every store answers it, and then each PUT waits for seconds.
      expectContinueHeader: false,
      // A bucket is a bucket, whatever its name ends with.
      disableS3ExpressSessionAuth: true,
      requestHandler: new BoundedResponseHandler(settings, bounds, (offsetMs) => (this.clockOffsetMs = offsetMs)),
    });
  }

  /**
   * Stores an object, with a digest by which the store checks the body before it takes it. `waitMs` shortens the bound on
   * the whole request. A caller that has computed the SHA-256 of the body, in hexadecimal, gives it.
   *
   * A store that answers a checksum, as Amazon S3 does to every PUT (`x-amz-checksum-crc64nvme`, where none was sent:
   * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html), is sent the SHA-256 from then on, which is known
   * already: MD5 is what costs most of a PUT, here and there. One that refuses it is sent Content-MD5 again.
   */
  async put(
    key: string,
    body: Buffer,
    waitMs = this.bounds.requestMs,
    sha256 = createHash('sha256').update(body).digest('hex'),
  ): Promise<StorageAnswer> {
    if (this.checksSha256) {
      const answer = await this.putWith({ sha256 }, key, body, waitMs);
      if (!refusesHeader(answer.result)) return answer;
      this.checksSha256 = false;
    }
    return this.putWith({ sha256, md5: createHash('md5').update(body).digest('hex') }, key, body, waitMs);
  }

  /** Reads an object of at most `maximumBytes`, into a given buffer where it fits. */
  async get(key: string, maximumBytes: number, waitMs = this.bounds.requestMs, into?: Buffer): Promise<StorageAnswer> {
    return this.within(waitMs, async (abortSignal) => {
      const answer = await this.s3.send(new GetObjectCommand({ Bucket: this.settings.bucket, Key: key }), {
        abortSignal,
      });
      const bytes = await readAtMost(answer.Body as Readable, maximumBytes, into, abortSignal);
      return { result: { kind: 'done' }, bytes };
    });
  }

  /**
   * The size of an object, by a GET of its first byte; undefined where the store does not say it. A store that ignores
   * the range begins to send the whole.
   */
  async size(key: string, waitMs = this.bounds.requestMs): Promise<StorageAnswer> {
    return this.within(waitMs, async (abortSignal) => {
      const command = new GetObjectCommand({ Bucket: this.settings.bucket, Key: key, Range: 'bytes=0-0' });
      const { Body, ContentRange, ContentLength } = await this.s3.send(command, { abortSignal });
      const total = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
      if (ContentRange === undefined) (Body as Readable).destroy();
      else await readAtMost(Body as Readable, 1, undefined, abortSignal);
      const size = ContentRange === undefined ? ContentLength : total === undefined ? undefined : Number(total);
      return { result: { kind: 'done' }, size };
    });
  }

  async delete(key: string, waitMs = this.bounds.requestMs): Promise<StorageAnswer> {
    return this.within(waitMs, async (abortSignal) => {
      const answer = await this.s3.send(new DeleteObjectCommand({ Bucket: this.settings.bucket, Key: key }), {
        abortSignal,
      });
      // Some stores number the versions of a PUT and keep none; a marker in place of the object is left by those that do.
      const versioned = answer.DeleteMarker === true && answer.VersionId !== 'null';
      return { result: { kind: 'done' }, versioned };
    });
  }

  close(): void {
    this.s3.destroy();
  }

  /** Sends MD5 where it is given, else SHA-256. */
  private async putWith(digests: BodyDigests, key: string, body: Buffer, waitMs: number): Promise<StorageAnswer> {
    return this.within(waitMs, async (abortSignal) => {
      const { sha256, md5 } = digests;
      const command = new PutObjectCommand({
        Bucket: this.settings.bucket,
        Key: key,
        Body: body,
        ContentLength: body.length,
        ...(md5 === undefined
          ? { ChecksumAlgorithm: 'SHA256', ChecksumSHA256: base64Of(sha256) }
          : { ContentMD5: base64Of(md5) }),
      });
      presetPayloadDigest(command, sha256);
      const answered = await this.s3.send(command, { abortSignal });
      const answersChecksum = Boolean(answered.ChecksumSHA256 ?? (md5 && answered.ChecksumCRC64NVME));
      this.checksSha256 = this.checksSha256 !== false && answersChecksum;
      return { result: { kind: 'done' }, otherDigest: hasOtherDigest(answered, digests) };
    });
  }

  private async within(
    waitMs: number,
    operation: (signal: AbortSignal) => Promise<StorageAnswer>,
  ): Promise<StorageAnswer> {
    if (waitMs <= 0) {
      return { result: { kind: 'no-answer', code: 'OUT_OF_TIME' } };
    }
    const code = waitMs < this.bounds.requestMs ? 'OUT_OF_TIME' : 'TOO_SLOW';
    return withDeadline(
      waitMs,
      async (signal) => operation(signal).catch((error: unknown) => ({ result: resultOf(error) })),
      () => ({ result: { kind: 'no-answer', code } }),
    );
  }
}

/** Of a body, in hexadecimal. MD5 is computed for the stores that need it. */
interface BodyDigests {
  readonly sha256: string;
  readonly md5?: string;
}

function base64Of(hexadecimal: string): string {
  return Buffer.from(hexadecimal, 'hex').toString('base64');
}

/** The answer of stores to a header that they do not know. A body that was altered on the way may be sent again. */
function refusesHeader(result: OperationResult): boolean {
  return result.kind === 'answer' && (result.status === 501 || (result.status === 400 && !isRetriedByBackups(result)));
}

/** Whether a digest that a store answered to a PUT contradicts the body. One of several pieces ends with their number. */
function hasOtherDigest(
  { ETag = '', ChecksumSHA256 = '' }: Pick<PutObjectCommandOutput, 'ETag' | 'ChecksumSHA256'>,
  { md5, sha256 }: BodyDigests,
): boolean {
  const isMd5 = /^"?[0-9a-f]{32}"?$/i.test(ETag);
  if (md5 !== undefined && isMd5 && ETag.replaceAll('"', '').toLowerCase() !== md5) return true;
  const isSha256 = /^[A-Za-z0-9+/]{43}=$/.test(ChecksumSHA256);
  return isSha256 && base64Of(sha256) !== ChecksumSHA256;
}

/** The signature takes a digest that stands in this header as it is, instead of computing it once more. */
function presetPayloadDigest(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', name: 'presetPayloadDigest' },
  );
}

/** The result behind an error of the SDK, or of the connection below it. */
export function resultOf(error: unknown): OperationResult {
  const { $response } = (error ?? {}) as { $response?: BoundedResponse };
  return $response?.plainText !== undefined && $response.statusCode >= 300
    ? { kind: 'answer', status: $response.statusCode, ...s3ErrorIn($response.plainText, $response.headers) }
    : { kind: 'no-answer', code: codeOf(error) };
}

/** The code for the way in which no answer came: Node's where it has one; its timers have none. */
function codeOf(error: unknown): string {
  const { code, name, message } = (error ?? {}) as { code?: unknown; name?: string; message?: string };
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code)) {
    return code;
  }
  if (name === 'TimeoutError') {
    return /did not establish a connection/.test(message ?? '') ? 'CONNECT_TIMEOUT' : 'SILENT';
  }
  return name === 'CredentialsProviderError' ? 'NO_CREDENTIALS' : 'UNKNOWN';
}

/** No whole answer came, for the reason of this code. */
class NoAnswer extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** What is read from an S3 error document: its code, the bucket's region, and the kind that its message names. */
function s3ErrorIn(
  text: string,
  headers: Record<string, string>,
): Pick<Extract<OperationResult, { kind: 'answer' }>, 'code' | 'bucketRegion' | 'messageKind'> {
  if (!/^\uFEFF?\s*(<\?xml[^>]*\?>\s*)?<Error\b/.test(text)) {
    return {};
  }
  const code = /<Code>\s*([A-Za-z][A-Za-z0-9._-]{0,63})\s*<\/Code>/.exec(text)?.[1];
  const region = headers['x-amz-bucket-region'] ?? /<Region>\s*([^<]*?)\s*<\/Region>/.exec(text)?.[1] ?? '';
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? '';
  const messageKind = code === undefined ? undefined : errorKindOfMessage(code, message);
  return {
    ...(code === undefined ? {} : { code }),
    ...(messageKind === undefined ? {} : { messageKind }),
    ...(/^[a-z][a-z0-9-]{0,31}$/.test(region) ? { bucketRegion: region } : {}),
  };
}

type Handled = Awaited<ReturnType<NodeHttpHandler['handle']>>;
type BoundedResponse = Handled['response'] & { plainText?: string };

/**
 * Node's handler, except that every answer but the bytes of an object is read here, up to a limit: the SDK would read
 * an endless answer, and guesses whether an answer is an error of the store or some page.
 */
class BoundedResponseHandler extends NodeHttpHandler {
  constructor(
    { caCertificate }: StorageSettings,
    { connectMs, socketMs }: Bounds,
    private readonly noteClockOffset: (offsetMs: number) => void,
  ) {
    super({
      connectionTimeout: connectMs,
      socketTimeout: socketMs,
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets: 64 }),
      httpsAgent: new HandshakeTimeoutAgent({ keepAlive: true, maxSockets: 64, ca: caCertificate }, socketMs),
    });
  }

  async handle(...[request, options]: Parameters<NodeHttpHandler['handle']>): Promise<Handled> {
    try {
      return await this.answerOf(await super.handle(request, options), request.method);
    } catch (error) {
      throw new NoAnswer(codeOf(error));
    }
  }

  private async answerOf(handled: Handled, method: string): Promise<Handled> {
    const response: BoundedResponse = handled.response;
    const date = Date.parse(response.headers.date ?? '');
    if (!Number.isNaN(date)) {
      this.noteClockOffset(date - Date.now());
    }
    if (response.statusCode >= 300 || method !== 'GET') {
      const text = await readAtMost(response.body as Readable, LONGEST_ERROR_BYTES).catch((error: unknown) => {
        // The status of an error says enough, even where its page goes on for ever.
        if (response.statusCode >= 300 && error instanceof NoAnswer) {
          return Buffer.alloc(0);
        }
        throw error;
      });
      response.plainText = text.toString('utf8');
      response.body = Readable.from([text]);
    }
    return handled;
  }
}

/** Ends a TLS handshake that makes no progress: Node's handler begins to time silence only after it. */
class HandshakeTimeoutAgent extends HttpsAgent {
  constructor(
    options: AgentOptions,
    private readonly socketMs: number,
  ) {
    super(options);
  }

  createConnection(...args: Parameters<HttpsAgent['createConnection']>): ReturnType<HttpsAgent['createConnection']> {
    const socket = super.createConnection(...args)!;
    let timer: NodeJS.Timeout | undefined;
    socket.once('connect', () => {
      timer = setTimeout(() => socket.destroy(new NoAnswer('SILENT' satisfies OwnCode)), this.socketMs);
    });
    for (const event of ['secureConnect', 'close']) {
      socket.once(event, () => clearTimeout(timer));
    }
    return socket;
  }
}

async function readAtMost(
  stream: Readable,
  maximumBytes: number,
  into: Buffer = Buffer.alloc(0),
  signal?: AbortSignal,
): Promise<Buffer> {
  const overflow: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    // A later attempt may be filling the buffer already.
    signal?.throwIfAborted();
    const fits = chunk.copy(into, Math.min(length, into.length));
    length += chunk.length;
    if (length > maximumBytes) {
      stream.destroy();
      throw new NoAnswer('ANSWER_TOO_LONG' satisfies OwnCode);
    }
    if (fits < chunk.length) overflow.push(chunk.subarray(fits));
  }
  const head = into.subarray(0, Math.min(length, into.length));
  return overflow.length === 0 ? head : Buffer.concat([head, ...overflow]);
}

import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Entry, fromBufferPromise } from 'yauzl';
import { LambdaRefusal, MAX_UNZIPPED_BYTES } from './limits';

/** What was published: the function's zip and its layers' zips, in their order. */
export interface LambdaCode {
  readonly zip: Buffer;
  readonly layers: Buffer[];
}

/** The same, unpacked. */
export interface UnpackedCode {
  /** names the content */
  readonly digest: string;
  /** directory to be seen at `/var/task` */
  readonly task: string;
  /** directory to be seen at `/opt` */
  readonly layers: string;
}

/**
 * Unpacked code, once per content.
 */
export class CodeStore {
  private readonly unpacked = new Map<string, Promise<UnpackedCode>>();

  /** @param directory where to unpack */
  constructor(private readonly directory: string) {}

  /**
   * @throws LambdaRefusal when the code is larger than Lambda takes
   */
  public async unpack(code: LambdaCode): Promise<UnpackedCode> {
    const digest = sha256([code.zip, ...code.layers].map((zip) => sha256([zip])));
    const found = this.unpacked.get(digest) ?? this.unpackNew(code, digest);
    this.unpacked.set(digest, found);
    return found;
  }

  private async unpackNew(code: LambdaCode, digest: string): Promise<UnpackedCode> {
    await refuseTooLarge(code);
    const task = path.join(this.directory, digest, 'task');
    const layers = path.join(this.directory, digest, 'opt');
    await fs.promises.mkdir(task, { recursive: true });
    await fs.promises.mkdir(layers, { recursive: true });
    await unzip(code.zip, task);
    for (const layer of code.layers) await unzip(layer, layers);
    return { digest, task, layers };
  }
}

/**
 * What Lambda does when a function is created, updated or given a layer.
 *
 * @throws LambdaRefusal when zip and layers hold more than Lambda takes
 */
export async function refuseTooLarge(code: LambdaCode): Promise<void> {
  let bytes = 0;
  for (const zip of [code.zip, ...code.layers]) {
    for (const entry of await readEntries(zip)) bytes += entry.uncompressedSize;
  }
  if (bytes <= MAX_UNZIPPED_BYTES) return;
  throw new LambdaRefusal(
    'InvalidParameterValueException',
    `Unzipped size must be smaller than ${MAX_UNZIPPED_BYTES} bytes, code and layers hold ${bytes}: take something out of the zip or of a layer`,
  );
}

function sha256(pieces: (Buffer | string)[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

async function readEntries(zip: Buffer): Promise<Entry[]> {
  const entries: Entry[] = [];
  const file = await fromBufferPromise(zip);
  for await (const entry of file.eachEntry()) entries.push(entry);
  return entries;
}

async function unzip(zip: Buffer, directory: string): Promise<void> {
  const file = await fromBufferPromise(zip);
  for await (const entry of file.eachEntry()) {
    const target = path.join(directory, entry.fileName);
    if (entry.fileName.endsWith('/')) {
      await fs.promises.mkdir(target, { recursive: true });
      continue;
    }
    await fs.promises.mkdir(path.dirname(target), { recursive: true });
    await fs.promises.rm(target, { force: true });
    const unixMode = Math.floor(entry.externalFileAttributes / 0x10000);
    const content = await file.openReadStreamPromise(entry);
    if (isSymbolicLink(unixMode)) {
      await fs.promises.symlink(Buffer.concat(await content.toArray()).toString(), target);
      continue;
    }
    await pipeline(content, fs.createWriteStream(target));
    // A file that its zip shows to its owner alone is one that the program cannot read: here as on Lambda.
    await fs.promises.chmod(target, unixMode % 0o1000 || 0o644);
  }
}

function isSymbolicLink(unixMode: number): boolean {
  return Math.floor(unixMode / 0o10000) === 0o12;
}

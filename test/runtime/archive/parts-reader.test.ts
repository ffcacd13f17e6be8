import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { pack } from 'tar-stream';
import { MemoryTarget, writeFiles } from './memory-target';
import { DumpFile, Manifest, Part } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { BufferPool } from '../../../src/runtime/archive/buffer-pool';
import { PartsReader } from '../../../src/runtime/archive/parts-reader';
import { StoredBackup } from '../../../src/runtime/folder/stored-backup';
import * as fc from '../../support/properties';
import { MemoryStore } from '../memory-store';

const KEYS = new ObjectKeys('backups', 'shop');
const BACKUP = '20261122T030000Z';
const SMALL_PART = 8 * 1024;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'parts-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

interface Stored {
  readonly objects: Map<string, Buffer>;
  readonly files: readonly DumpFile[];
  readonly parts: readonly Part[];
}

/** Stores files of the given contents in small parts. */
async function stored(contents: readonly Buffer[]): Promise<Stored> {
  const objects = new Map<string, Buffer>();
  const dumped = contents.map((content, index) => ({
    name: `shop/${index}.dat`,
    path: path.join(directory, `in-${index}`),
    size: content.length,
  }));
  await Promise.all(dumped.map(async ({ path: file }, index) => writeFile(file, contents[index])));
  const target = new MemoryTarget(new BufferPool(2, SMALL_PART));
  const written = await writeFiles(dumped, target);
  for (const [part, body] of target.parts) objects.set(KEYS.part(BACKUP, part), body);
  return { objects, ...written };
}

async function read({ objects, files, parts }: Stored, target = path.join(directory, 'out', 'shop')): Promise<void> {
  await mkdir(target, { recursive: true });
  const store = new MemoryStore();
  objects.forEach((body, key) => store.objects.set(key, body));
  const manifest = { backup: BACKUP, files, parts } as unknown as Manifest;
  const reader = new PartsReader(new StoredBackup(store, KEYS, manifest, ''), 2, new AbortController().signal);
  await reader.writeFiles(files, target);
}

/** A part of the given members, with a manifest that has its true size and digest. */
async function handMade(members: readonly [string, Buffer][]): Promise<{ body: Buffer; part: Part }> {
  const archive = pack();
  for (const [name, content] of members) archive.entry({ name }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return { body, part: { number: 1, size: body.length, sha256: digest(body) } };
}

function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

test('whatever was written is read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 * SMALL_PART }), { minLength: 1, maxLength: 8 }),
      async (sizes) => {
        const contents = sizes.map((size) => randomBytes(size));
        await read(await stored(contents));
        for (const [index, content] of contents.entries()) {
          const file = await readFile(path.join(directory, 'out', 'shop', `${index}.dat`));
          expect(file.equals(content)).toBe(true);
        }
      },
    ),
    { numRuns: 25 },
  );
});

test('what an earlier run left in the directory does not stay', async () => {
  await read(await stored([Buffer.from('a longer content than the next one')]));
  await read(await stored([Buffer.from('short')]));
  expect(await readFile(path.join(directory, 'out', 'shop', '0.dat'), 'utf8')).toBe('short');
});

describe('a part', () => {
  let whole: Stored;
  const key = KEYS.part(BACKUP, 2);

  beforeEach(async () => {
    whole = await stored([randomBytes(30_000)]);
  });

  test('fails when it is missing', async () => {
    whole.objects.delete(key);
    await expect(read(whole)).rejects.toThrow(`The part ${key} is missing`);
  });

  test('fails when it is shorter', async () => {
    whole.objects.set(key, whole.objects.get(key)!.subarray(1));
    await expect(read(whole)).rejects.toThrow(/The part .*\/000002 has \d+ bytes, not the \d+ of the manifest/);
  });

  test('fails when any bit is another', async () => {
    const body = Buffer.from(whole.objects.get(key)!);
    body[body.length - 1] = 1;
    whole.objects.set(key, body);
    await expect(read(whole)).rejects.toThrow(`The part ${key} has SHA-256`);
  });

  test('fails when it is another one of the same size', async () => {
    whole.objects.set(key, whole.objects.get(KEYS.part(BACKUP, 1))!);
    await expect(read(whole)).rejects.toThrow(`The part ${key} has SHA-256`);
  });
});

describe('a manifest that lies', () => {
  const content = Buffer.from('content');
  const fileOf = (name: string, member = name, facts: Partial<DumpFile> = {}): DumpFile => ({
    name,
    size: content.length,
    segments: [{ part: 1, member, size: content.length }],
    ...facts,
  });

  async function readHandMade(members: readonly [string, Buffer][], files: readonly DumpFile[]): Promise<void> {
    const { body, part } = await handMade(members);
    await read({ objects: new Map([[KEYS.part(BACKUP, 1), body]]), files, parts: [part] });
  }

  test.each(['../evil', 'shop/../../evil', '/etc/evil', 'evil', 'shop/..', 'shop/a/b', 'shop\\x/evil', 'shop/'])(
    'fails for a file named %s, and writes nothing outside',
    async (name) => {
      await expect(readHandMade([[name, content]], [fileOf(name)])).rejects.toThrow(/manifest is damaged/);
      expect(await readdir(directory)).toEqual(['out']);
    },
  );

  test('fails for a member that no file has, whatever its name', async () => {
    const members: [string, Buffer][] = [
      ['shop/1.dat', content],
      ['../../evil', content],
    ];
    await expect(readHandMade(members, [fileOf('shop/1.dat')])).rejects.toThrow(/holds \.\.\/\.\.\/evil/);
    expect(await readdir(directory)).toEqual(['out']);
  });

  test('fails for a member that is not there', async () => {
    const files = [fileOf('shop/1.dat'), fileOf('shop/2.dat')];
    await expect(readHandMade([['shop/1.dat', content]], files)).rejects.toThrow(/lacks shop\/2\.dat/);
  });

  test('fails for a member of another size', async () => {
    const files = [fileOf('shop/1.dat')];
    await expect(readHandMade([['shop/1.dat', Buffer.from('more content')]], files)).rejects.toThrow(/holds shop\/1/);
  });

  test('fails for segments that do not make the file', async () => {
    const files = [fileOf('shop/1.dat', 'shop/1.dat', { size: 8 })];
    await expect(readHandMade([['shop/1.dat', content]], files)).rejects.toThrow(/have 7 bytes, the file 8/);
  });
});

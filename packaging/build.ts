import { stat } from 'node:fs/promises';
import * as path from 'node:path';
import { buildOptions } from './build-options';
import { buildClientLayer } from './client-layer';
import { sha256OfFile } from './digest';
import { bundleCommandLine, bundleFunction } from './function-bundle';
import { megabytes, ROOT } from './places';
import { buildRootCertificates } from './root-certificates';
import { buildServerLayer } from './server-layer';

/** Builds everything under `assets/` and prints a table of it. */
async function buildAssets(release: boolean): Promise<void> {
  const { file: rootCertificatesFile, module: rootCertificates } = await buildRootCertificates({ release });
  const steps: readonly (() => Promise<string>)[] = [
    async () => rootCertificatesFile,
    async () => (await buildClientLayer({ release })).zip,
    async () => (await buildServerLayer({ release })).zip,
    async () => bundleFunction({ rootCertificates }),
    async () => bundleCommandLine({ rootCertificates }),
  ];
  const rows = [['asset', 'size', 'sha256', 'time']];
  for (const step of steps) {
    const started = Date.now();
    const file = await step();
    const [{ size }, digest] = await Promise.all([stat(file), sha256OfFile(file)]);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    rows.push([path.relative(ROOT, file), megabytes(size), digest.slice(0, 12), `${seconds} s`]);
  }
  rows.forEach(([asset, size, digest, time]) =>
    console.log(asset.padEnd(40), size.padStart(8), digest.padEnd(12), time.padStart(8)),
  );
}

buildAssets(buildOptions(process.argv.slice(2), process.env).release).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});

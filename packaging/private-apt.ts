import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { LockedPackage } from './layer-lock';
import { run } from './run';

const KEYRINGS = ['gpg', 'pgp'].map((kind) => `/usr/share/keyrings/debian-archive-keyring.${kind}`);

export interface PrivateAptProps {
  /** The directory for apt's lists, state and cache. Kept between runs. */
  readonly directory: string;
  readonly mirror: string;
  readonly suite: string;
}

/**
 * apt with its own configuration, lists, state and cache: it reads a suite that need not be this machine's, needs no
 * root, and changes nothing on the machine. Everything it downloads is verified by the distribution's signature.
 */
export class PrivateApt {
  /** @throws if the machine has no apt or lacks the keys of the distribution */
  public static async create(props: PrivateAptProps): Promise<PrivateApt> {
    const keyring = KEYRINGS.find((file) => existsSync(file));
    if (!existsSync('/usr/bin/apt-get') || !keyring) {
      throw new Error(
        'The client layer is built from packages that apt-get downloads and the Debian archive keyring verifies; one of ' +
          'the two is missing. ' +
          'Build on Debian or Ubuntu, after: apt-get install debian-archive-keyring',
      );
    }
    const inside = (name: string) => path.join(props.directory, name);
    await mkdir(inside('state/lists/partial'), { recursive: true });
    await mkdir(inside('cache/archives/partial'), { recursive: true });
    await writeFile(inside('status'), '');
    await writeFile(
      inside('suite.sources'),
      [
        'Types: deb',
        `URIs: ${props.mirror}`,
        `Suites: ${props.suite}`,
        'Components: main',
        'Architectures: amd64',
        `Signed-By: ${keyring}`,
        '',
      ].join('\n'),
    );
    await writeFile(
      inside('apt.conf'),
      [
        ...(await downloadSettings()),
        `Dir::State "${inside('state')}";`,
        `Dir::State::status "${inside('status')}";`,
        `Dir::Cache "${inside('cache')}";`,
        `Dir::Etc::sourcelist "${inside('suite.sources')}";`,
        ...['main', 'parts', 'sourceparts', 'preferences', 'preferencesparts', 'trusted', 'trustedparts'].map(
          (each) => `Dir::Etc::${each} "/dev/null";`,
        ),
        'APT::Architecture "amd64";',
        'APT::Architectures { "amd64"; };',
        'APT::Install-Recommends "false";',
        'APT::Sandbox::User "root";',
        'APT::Update::Error-Mode "any";',
        'Acquire::Languages "none";',
        'Acquire::Retries "3";',
        'Acquire::AllowInsecureRepositories "false";',
        'Acquire::AllowWeakRepositories "false";',
        'Acquire::AllowDowngradeToInsecureRepositories "false";',
        '',
      ].join('\n'),
    );
    return new PrivateApt(props);
  }

  private readonly suite: string;
  private readonly env: NodeJS.ProcessEnv;

  private constructor({ directory, suite }: PrivateAptProps) {
    this.suite = suite;
    this.env = { ...process.env, LC_ALL: 'C', APT_CONFIG: path.join(directory, 'apt.conf') };
  }

  /** Downloads the suite's present list of packages and verifies its signature. */
  public async update(): Promise<void> {
    await this.apt('apt-get', ['update', '-q']);
  }

  /** The named packages and their dependencies, in the suite's present versions. */
  public async resolve(names: readonly string[]): Promise<LockedPackage[]> {
    const plan = await this.apt('apt-get', ['install', '--simulate', ...names]);
    const chosen = [...plan.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, name, version]) => `${name}=${version}`);
    const records = await this.apt('apt-cache', ['show', ...chosen]);
    return records
      .split(/\n\n+/)
      .filter((record) => record.trim() !== '')
      .map((record) => {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(record)![1];
        return {
          suite: this.suite,
          ...{ name: field('Package'), version: field('Version') },
          ...{ file: field('Filename'), sha256: field('SHA256') },
        };
      });
  }

  /**
   * Downloads a file of known SHA-256 with apt's settings: through the machine's proxies, with its certificates.
   *
   * @throws if the address cannot be reached, does not have the file, or returns other bytes
   */
  public async download(address: string, sha256: string, into: string): Promise<void> {
    await this.apt('/usr/lib/apt/apt-helper', ['download-file', address, into, `SHA256:${sha256}`]);
  }

  private async apt(program: string, args: readonly string[]): Promise<string> {
    return run(program, args, { env: this.env });
  }
}

/**
 * The machine's own settings for downloads (proxies, certificates, whether an expired list is accepted), without its
 * hooks and without the further indexes that it downloads.
 */
async function downloadSettings(): Promise<string[]> {
  const settings = (await run('apt-config', ['dump'])).split('\n');
  return settings.filter((line) => /^Acquire::(?!IndexTargets|Languages)/.test(line));
}

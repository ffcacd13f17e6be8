import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Terraform, terraformEnvironment } from '../../sandbox/terraform';

const provider = { name: 'registry.terraform.io/hashicorp/aws', version: '5.100.0' };

let directory: string;
beforeEach(async () => (directory = await mkdtemp(path.join(tmpdir(), 'terraform-test-'))));
afterEach(async () => rm(directory, { recursive: true }));

test('terraformEnvironment keeps the caller out, but for what is none of AWS or Terraform', () => {
  const environment = terraformEnvironment({
    PATH: '/bin',
    HOME: '/home/me',
    AWS_PROFILE: 'production',
    AWS_CA_BUNDLE: '/etc/ca.pem',
    TF_CLI_ARGS: '-lock=false',
    TF_WORKSPACE: 'production',
    TF_VAR_name: 'value',
    TF_LOG: 'debug',
  });
  expect(environment).toEqual({
    PATH: '/bin',
    HOME: '/home/me',
    TF_LOG: 'debug',
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
  });
});

describe('locate', () => {
  /** A program that answers as Terraform would, and works with some configurations only. */
  async function fakeTerraform(version: string, works: string): Promise<NodeJS.ProcessEnv> {
    const file = path.join(directory, 'bin', 'terraform');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(
      file,
      `#!/bin/sh\nif [ "$1" = version ]; then echo '{"terraform_version": "${version}"}'; exit; fi\n` +
        `case "$TF_CLI_CONFIG_FILE" in ${works}) exit 0;; *) exit 1;; esac\n`,
    );
    await chmod(file, 0o755);
    return { PATH: `${path.dirname(file)}:${process.env.PATH}`, HOME: directory };
  }

  const locate = async (environment: NodeJS.ProcessEnv) =>
    Terraform.locate({ directory, cacheDirectory: path.join(directory, 'cache'), provider, environment });

  test("takes the user's own configuration, if it works", async () => {
    const environment = await fakeTerraform('1.11.0', '*mine.rc');
    const mine = path.join(directory, 'mine.rc');
    await writeFile(mine, '');
    const terraform = await locate({ ...environment, TF_CLI_CONFIG_FILE: mine });
    expect(terraform.version).toBe('1.11.0');
    expect(terraform.providerSource).toBe(`the CLI configuration ${mine}`);
  });

  test('passes over one that is not there, or does not work', async () => {
    const environment = await fakeTerraform('1.12.3', 'none');
    const mirror = path.join(directory, '.terraform.d', 'mirror');
    const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
    await mkdir(path.join(mirror, provider.name, '5.100.1', platform), { recursive: true });
    await writeFile(path.join(directory, '.terraformrc'), '');
    const terraform = await Terraform.locate({
      directory,
      cacheDirectory: directory,
      // A version that no mirror of this machine has.
      provider: { ...provider, version: '5.100.1' },
      environment: { ...environment, TF_CLI_CONFIG_FILE: path.join(directory, 'absent') },
    });
    expect(terraform.providerSource).toBe(`the mirror ${mirror}`);
  });

  test('goes to the public registry where there is neither', async () => {
    const environment = await fakeTerraform('1.12.3', 'none');
    const terraform = await Terraform.locate({
      directory,
      cacheDirectory: directory,
      provider: { ...provider, version: '0.0.1' },
      environment,
    });
    expect(terraform.providerSource).toBe('the public registry');
  });

  test('fails where the environment names a mirror without the provider', async () => {
    const environment = await fakeTerraform('1.11.4', 'none');
    await expect(locate({ ...environment, TERRAFORM_PROVIDER_MIRROR: path.join(directory, 'empty') })).rejects.toThrow(
      `TERRAFORM_PROVIDER_MIRROR names a mirror without the AWS provider: there is no ${directory}/empty/${provider.name}`,
    );
  });
});

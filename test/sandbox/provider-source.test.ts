import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { findProviderMirror, mirrorConfiguration } from '../../sandbox/provider-source';

const pin = { name: 'registry.terraform.io/hashicorp/aws', version: '5.100.0' };
const unpacked = path.join(pin.name, pin.version, 'linux_amd64');

let root: string;
beforeEach(async () => (root = await mkdtemp(path.join(tmpdir(), 'mirror-'))));
afterEach(async () => rm(root, { recursive: true }));

describe('findProviderMirror', () => {
  test.each(['.', 'plugins', 'a/b', 'a/b/c'])('finds one in %s below a root', async (folder) => {
    // GIVEN
    await mkdir(path.join(root, 'other', 'folder'), { recursive: true });
    await mkdir(path.join(root, folder, unpacked), { recursive: true });
    // WHEN
    const found = await findProviderMirror(['/nonexistent', root], pin, 'linux_amd64');
    // THEN
    expect(found).toBe(path.join(root, folder));
  });

  test('prefers the one that is nearest', async () => {
    await mkdir(path.join(root, 'a', 'b', unpacked), { recursive: true });
    await mkdir(path.join(root, 'z', unpacked), { recursive: true });
    expect(await findProviderMirror([root], pin, 'linux_amd64')).toBe(path.join(root, 'z'));
  });

  test.each([
    ['too deep', path.join('a/b/c/d', unpacked)],
    ['of another version', path.join(pin.name, '5.99.1', 'linux_amd64')],
    ['for another platform', path.join(pin.name, pin.version, 'darwin_arm64')],
    ['of another provider', path.join('registry.terraform.io/hashicorp/google', pin.version, 'linux_amd64')],
  ])('fails to take one that is %s', async (_, folder) => {
    await mkdir(path.join(root, folder), { recursive: true });
    expect(await findProviderMirror([root], pin, 'linux_amd64')).toBeUndefined();
  });

  test('does not follow links, which may lead in circles', async () => {
    await mkdir(path.join(root, 'real', 'deep', unpacked), { recursive: true });
    const link = await mkdtemp(path.join(tmpdir(), 'mirror-link-'));
    await symlink(root, path.join(link, 'link'));
    await symlink(link, path.join(link, 'self'));
    expect(await findProviderMirror([link], pin, 'linux_amd64')).toBeUndefined();
    await rm(link, { recursive: true });
  });
});

test('mirrorConfiguration takes this provider from the mirror, and the others from where they come from', () => {
  expect(mirrorConfiguration('/a "b"', pin)).toBe(
    [
      'provider_installation {',
      '  filesystem_mirror {',
      '    path    = "/a \\"b\\""',
      '    include = ["registry.terraform.io/hashicorp/aws"]',
      '  }',
      '  direct {',
      '    exclude = ["registry.terraform.io/hashicorp/aws"]',
      '  }',
      '}',
      '',
    ].join('\n'),
  );
});

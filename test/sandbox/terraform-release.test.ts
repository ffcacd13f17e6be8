import { createHash } from 'node:crypto';
import {
  isAtLeast,
  parseTerraformVersion,
  releaseOf,
  terraformPlatform,
  verifyChecksum,
} from '../../sandbox/terraform-release';
import * as fc from '../support/properties';

const version = fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30)).map((parts) => parts.join('.'));

describe('parseTerraformVersion', () => {
  test('reads it among warnings', () => {
    const output = 'Warning: no such file\n{"terraform_version": "1.11.4", "platform": "linux_amd64"}\nmore';
    expect(parseTerraformVersion(output)).toBe('1.11.4');
  });

  test.each(['', 'Terraform v1.11.4', '{}', '{"terraform_version": 1}', '{"terraform_version": "new"}', '{broken}'])(
    'fails to see one in %j',
    (output) => expect(parseTerraformVersion(output)).toBeUndefined(),
  );
});

describe('isAtLeast', () => {
  test.each([
    ['1.11.0', '1.11.0', true],
    ['1.11.1', '1.11.0', true],
    ['1.9.9', '1.11.0', false],
    ['2.0.0', '1.11.0', true],
    ['0.15.5', '1.11.0', false],
    ['1.11.0-beta1', '1.11.0', false],
    ['1.12.0-alpha20250101', '1.11.0', true],
  ])('%s and %s: %s', (one, other, expected) => expect(isAtLeast(one, other)).toBe(expected));

  test('is a total order of releases', () => {
    fc.assert(
      fc.property(version, version, (one, other) => {
        expect(isAtLeast(one, other) || isAtLeast(other, one)).toBe(true);
        expect(isAtLeast(one, other) && isAtLeast(other, one)).toBe(one === other);
      }),
    );
  });

  test('fails with the value where it is no version', () => {
    expect(() => isAtLeast('latest', '1.11.0')).toThrow('looks like 1.11.4; got "latest"');
  });
});

describe('releaseOf', () => {
  test.each([
    ['linux', 'x64', 'terraform_1.11.4_linux_amd64.zip'],
    ['darwin', 'arm64', 'terraform_1.11.4_darwin_arm64.zip'],
    ['win32', 'ia32', 'terraform_1.11.4_windows_386.zip'],
  ])('is named for %s on %s', (platform, architecture, archive) => {
    const release = releaseOf('1.11.4', terraformPlatform(platform, architecture));
    expect(release.archive).toBe(archive);
    expect(release.url).toBe(`https://releases.hashicorp.com/terraform/1.11.4/${archive}`);
    expect(release.checksums).toBe('https://releases.hashicorp.com/terraform/1.11.4/terraform_1.11.4_SHA256SUMS');
  });
});

describe('verifyChecksum', () => {
  const content = Buffer.from('terraform');
  const digest = createHash('sha256').update(content).digest('hex');
  const other = 'a'.repeat(64);

  test('takes what the list has, in either form and case', () => {
    verifyChecksum('a.zip', content, `${other}  b.zip\n${digest}  a.zip\n`);
    verifyChecksum('a.zip', content, `${digest.toUpperCase()} *a.zip\r\n`);
  });

  test('fails for another content', () => {
    expect(() => verifyChecksum('a.zip', content, `${other}  a.zip\n${digest}  b.zip\n`)).toThrow(
      `its publisher says ${other}`,
    );
  });

  test('fails where the list does not name the file', () => {
    expect(() => verifyChecksum('a.zip', content, `${digest}  aa.zip\n${digest}  a.zip.sig\n`)).toThrow(
      'does not name a.zip',
    );
  });
});

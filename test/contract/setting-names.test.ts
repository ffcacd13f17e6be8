import { diagnoseStorage } from '../../src/contract/diagnosis/diagnose';
import { diagnoseSettings } from '../../src/contract/diagnosis/diagnose-settings';
import { CONNECTION_TEST_BOUNDS } from '../../src/contract/diagnosis/verdict';
import { StorageSettings } from '../../src/contract/storage-settings';

const settings: StorageSettings = {
  kind: 's3-compatible',
  endpoint: 'https://storage.example',
  region: 'us-east-1',
  bucket: 'backups',
  path: 'nightly',
  pathStyle: true,
  allowUnencrypted: false,
  credentials: { kind: 'environment' },
};

describe('a remedy names a setting as the person gave it', () => {
  test.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'caCertificate', '--ca-certificate'],
    ['BAD_CERTIFICATE_AUTHORITY', 'caCertificate', '--ca-certificate'],
    ['EPROTO', 'allowUnencrypted', '--allow-unencrypted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'pathStyle', '--virtual-hosted'],
  ])('%s: %s or %s', (code, prop, option) => {
    const text = (givenAs?: 'options') => {
      const { summary, remedy } = diagnoseStorage(
        { PUT: { kind: 'no-answer', code } },
        { storage: { ...settings, givenAs }, bounds: CONNECTION_TEST_BOUNDS },
      )!;
      return `${summary} ${remedy}`;
    };
    expect(text()).toContain(prop);
    expect(text('options')).toContain(option);
    expect(text('options')).not.toContain(prop);
  });

  test.each([
    [{ endpoint: 'http://storage.example' }, 'allowUnencrypted', '--allow-unencrypted'],
    [{ caCertificate: 'nonsense' }, 'caCertificate', '--ca-certificate'],
  ])('wrong settings %p: %s or %s', (wrong, prop, option) => {
    const text = (givenAs?: 'options') => {
      const { summary, remedy } = diagnoseSettings({ ...settings, ...wrong, givenAs })!;
      return `${summary} ${remedy}`;
    };
    expect(text()).toContain(prop);
    expect(text('options')).toContain(option);
    expect(text('options')).not.toContain(prop);
  });
});

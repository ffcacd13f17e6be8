import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { Fn, Lazy, ref, TerraformStack, TerraformVariable, Token } from 'cdktf';
import { BackupStorage, StorageCredentials } from '../../src';
import { CERTIFICATE } from '../support/certificate';
import { newScheduledBackup, newStack, newStorage, requestOf, SECRET_ARN, Synthesized } from '../support/synth';

const credentials = StorageCredentials.fromSecret(SECRET_ARN);

/** What the function is told of a storage. */
function settingsOf(storage: BackupStorage): any {
  const stack = newStack();
  newScheduledBackup(stack, undefined, { storage });
  return requestOf(Synthesized.of(stack).one('aws_lambda_invocation', 'ConnectionTest').body.input).storage;
}

describe('BackupStorage', () => {
  test('on Amazon S3 leaves the endpoint to the region', () => {
    const storage = BackupStorage.amazonS3({ bucket: 'b-1', path: 'p', region: 'eu-west-1', credentials });
    expect(settingsOf(storage)).toMatchObject({ kind: 'amazon-s3', region: 'eu-west-1', pathStyle: false });
    expect(settingsOf(storage)).not.toHaveProperty('endpoint');
  });

  test('on Cloudflare R2 makes the endpoint of the account and signs for "auto"', () => {
    const storage = BackupStorage.cloudflareR2({
      bucket: 'b-1',
      path: 'p',
      accountId: '0123456789abcdef0123456789abcdef',
      credentials,
    });
    expect(settingsOf(storage)).toMatchObject({
      kind: 'cloudflare-r2',
      endpoint: 'https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com',
      region: 'auto',
    });
  });

  test('on DigitalOcean Spaces makes the endpoint of the region', () => {
    const storage = BackupStorage.digitalOceanSpaces({ bucket: 'b-1', path: 'p', region: 'fra1', credentials });
    expect(settingsOf(storage)).toMatchObject({
      kind: 'digitalocean-spaces',
      endpoint: 'https://fra1.digitaloceanspaces.com',
    });
  });

  test('of another make, with maximal properties, passes every one to the function', () => {
    const storage = newStorage({
      endpoint: 'http://10.0.0.9:9000',
      region: 'somewhere',
      caCertificate: CERTIFICATE,
      pathStyle: false,
      allowUnencrypted: true,
    });
    expect(settingsOf(storage)).toMatchObject({
      kind: 's3-compatible',
      endpoint: 'http://10.0.0.9:9000',
      region: 'somewhere',
      caCertificate: CERTIFICATE,
      pathStyle: false,
      allowUnencrypted: true,
      bucket: 'company-backups',
      path: 'production',
      network: { vpcId: 'vpc-00000001', subnetIds: ['subnet-0000000a', 'subnet-0000000b'] },
    });
  });

  test('on a port of its own: the function may connect to that port', () => {
    const stack = newStack();
    newScheduledBackup(stack, undefined, { storage: newStorage({ endpoint: 'https://s3.example.com:9000' }) });
    expect(Synthesized.of(stack).one('aws_vpc_security_group_egress_rule', 'StorageEgress').body).toMatchObject({
      from_port: 9000,
      to_port: 9000,
    });
  });

  test('renders three permissions under one path, and nothing more', () => {
    expect(JSON.parse(newStorage().minimumPolicy())).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'],
          Resource: 'arn:aws:s3:::company-backups/production/*',
        },
      ],
    });
  });

  test('with a KMS key of its own needs the use of that key', () => {
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000003';
    const storage = BackupStorage.amazonS3({ bucket: 'b-1', path: 'p', region: 'eu-west-1', kmsKeyArn, credentials });
    const statement = { Effect: 'Allow', Action: ['kms:GenerateDataKey', 'kms:Decrypt'], Resource: kmsKeyArn };
    expect(JSON.parse(storage.minimumPolicy()).Statement[1]).toEqual(statement);

    const stack = newStack();
    const ofRole = BackupStorage.amazonS3({
      ...{ bucket: 'b-1', path: 'p', region: 'eu-west-1', kmsKeyArn },
      credentials: StorageCredentials.fromRole(),
    });
    newScheduledBackup(stack, undefined, { storage: ofRole });
    const { policy } = Synthesized.of(stack).one('aws_iam_role_policy', 'Storage/Grant').body;
    expect(requestOf(policy).Statement[1]).toEqual({ ...statement, Resource: [kmsKeyArn] });
  });

  test.each([
    ['cn-north-1', 'arn:aws-cn:s3:::'],
    ['us-gov-west-1', 'arn:aws-us-gov:s3:::'],
    ['eu-central-1', 'arn:aws:s3:::'],
  ])('in %s is named with the partition of the region', (region, prefix) => {
    const storage = BackupStorage.amazonS3({ bucket: 'b-1', path: 'p', region, credentials });
    expect(JSON.parse(storage.minimumPolicy()).Statement[0].Resource).toBe(`${prefix}b-1/p/*`);
  });

  test.each([
    ['an address', 'https://10.1.2.3', 443, { cidr_ipv4: '10.1.2.3/32' }],
    ['an address and a port', 'https://10.1.2.3:9000', 9000, { cidr_ipv4: '10.1.2.3/32' }],
    ['an IPv6 address', 'https://[fd00::1]:9000', 9000, { cidr_ipv6: 'fd00::1/128' }],
  ])('at %s is all that the function is allowed to send to', (_what, endpoint, port, target) => {
    const stack = newStack();
    newScheduledBackup(stack, undefined, { storage: newStorage({ endpoint }) });
    const rule = Synthesized.of(stack).one('aws_vpc_security_group_egress_rule', 'StorageEgress').body;
    expect(rule).toMatchObject({ from_port: port, to_port: port, ...target });
  });

  test.each([
    ['bucket', '', 'bucket of a backup storage is required. Got "". Name a bucket that exists.'],
    ['bucket', 'b', 'The bucket of a backup storage has 3 to 63 characters. Got "b".'],
    ['path', '/', 'The path of a backup storage names a folder: it must not be empty. Got "/".'],
    ['path', 'a/../b', 'The path of a backup storage must not have . or .. as a segment. Got "a/../b".'],
    ['path', 'a//b', 'The path of a backup storage must not have // in it. Got "a//b".'],
    ['path', 'a\\b', 'must have no control character, no backslash and no quotation mark. Got "a\\\\b".'],
    ['path', 'a*', 'must not have *, ?, ${ or %{ in it. Got "a*".'],
    ['path', 'a/${aws:username}', 'must not have *, ?, ${ or %{ in it. Got "a/${aws:username}".'],
    [
      'path',
      Array(7).fill('a'.repeat(190)).join('/'),
      'leaves room for the keys of the backups, which have at most 1024',
    ],
    ['endpoint', undefined, 'endpoint of BackupStorage.s3Compatible is required. Got nothing.'],
    [
      'endpoint',
      's3.example.com',
      'The endpoint of a backup storage is a URL that begins with https://. Got "s3.example.com".',
    ],
    [
      'endpoint',
      'http://s3.example.com',
      'must begin with https://, unless allowUnencrypted is set. Got "http://s3.example.com".',
    ],
    ['endpoint', 'https://s3.example.com/company-backups', 'The endpoint of a backup storage must have no path.'],
    [
      'endpoint',
      'https://key:s3cr3t@s3.example.com',
      'must have no user, password, query or fragment. Got "https://key:…@s3.example.com".',
    ],
    ['endpoint', 'https://s3.example.com?X-Amz-Signature=s3cr3t', 'Got "https://s3.example.com?…".'],
    ['caCertificate', 'certificate.pem', 'caCertificate is one or more certificates in PEM. Got "certificate.pem".'],
    [
      'credentials',
      undefined,
      'credentials of a backup storage is required. Got nothing. Make it with StorageCredentials.',
    ],
    ['credentials', 'key', 'credentials of a backup storage is made with StorageCredentials'],
  ])('fails with the %s %j', (prop, value, message) => {
    const storage = newStorage({ [prop]: value });
    const attempt = () => newScheduledBackup(newStack(), undefined, { storage });
    expect(attempt).toThrow(message);
    expect(attempt).toThrow('(at stack/Backup)');
    expect(attempt).not.toThrow('s3cr3t');
  });

  test.each([
    ['amazonS3', { region: undefined }, 'region of BackupStorage.amazonS3 is required. Got nothing.'],
    [
      'amazonS3',
      { region: 'Frankfurt' },
      'region of BackupStorage.amazonS3 is the name of an AWS region. Got "Frankfurt".',
    ],
    ['amazonS3', { region: 'eu-central-1', bucket: 'Big' }, 'A bucket of Amazon S3 has lower-case letters'],
    [
      'amazonS3',
      { region: 'eu-central-1', kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:alias/backups' },
      'kmsKeyArn of BackupStorage.amazonS3 is the ARN of a KMS key, not of an alias',
    ],
    [
      'cloudflareR2',
      { accountId: 'abc' },
      'accountId of BackupStorage.cloudflareR2 has 32 hexadecimal digits. Got "abc".',
    ],
    ['cloudflareR2', { accountId: undefined }, 'accountId of BackupStorage.cloudflareR2 is required.'],
    [
      'digitalOceanSpaces',
      { region: 'fra-1' },
      'region of BackupStorage.digitalOceanSpaces has three letters and a digit.',
    ],
    ['digitalOceanSpaces', { region: undefined }, 'region of BackupStorage.digitalOceanSpaces is required.'],
  ] as const)('fails as %s with %j', (factory, props, message) => {
    const storage = BackupStorage[factory]({ bucket: 'b-1', path: 'p', credentials, ...props } as any);
    expect(() => newScheduledBackup(newStack(), undefined, { storage })).toThrow(message);
    expect(() => storage.minimumPolicy()).toThrow(message);
  });

  test("fails with the function's role on a store that does not know it", () => {
    const storage = newStorage({ credentials: StorageCredentials.fromRole() });
    expect(() => newScheduledBackup(newStack(), undefined, { storage })).toThrow(
      "StorageCredentials.fromRole works with Amazon S3 only: no other store knows the function's role.",
    );
  });
});

describe('StorageCredentials', () => {
  test('from a secret pin its current version and may read nothing else', () => {
    const stack = newStack();
    newScheduledBackup(stack);
    const synthesized = Synthesized.of(stack);
    const versions = synthesized.one('aws_secretsmanager_secret_versions').address;
    expect(
      requestOf(synthesized.one('aws_lambda_invocation', 'ConnectionTest').body.input).storage.credentials,
    ).toEqual({
      kind: 'secret',
      secretArn: SECRET_ARN,
      versionId: `\${one([for version in ${versions}.versions : version.version_id if contains(version.version_stages, "AWSCURRENT")])}`,
    });
    expect(JSON.parse(synthesized.one('aws_iam_role_policy', 'Storage/Grant').body.policy).Statement).toEqual([
      { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: [SECRET_ARN] },
    ]);
  });

  test('from a secret with a key of its own may decrypt with it', () => {
    const stack = newStack();
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000003';
    const storage = newStorage({ credentials: StorageCredentials.fromSecret(SECRET_ARN, { kmsKeyArn: key }) });
    newScheduledBackup(stack, undefined, { storage });
    expect(
      JSON.parse(Synthesized.of(stack).one('aws_iam_role_policy', 'Storage/Grant').body.policy).Statement[1],
    ).toEqual({
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: [key],
    });
  });

  test('from keys go into a secret by write-only arguments, and into nothing else', () => {
    const stack = newStack();
    const [id, secret] = ['id', 'secret'].map(
      (name) => new TerraformVariable(stack, name, { sensitive: true }).stringValue,
    );
    newScheduledBackup(stack, undefined, {
      storage: newStorage({ credentials: StorageCredentials.fromKeys({ accessKeyId: id, secretAccessKey: secret }) }),
    });
    const synthesized = Synthesized.of(stack);
    expect(synthesized.json.terraform.required_version).toBe('>= 1.11.0');
    const version = synthesized.one('aws_secretsmanager_secret_version');
    expect(version.body.secret_string_wo).toContain('var.secret');
    expect(version.body).not.toHaveProperty('secret_string');
    const mentions = synthesized.resources.filter((resource) => JSON.stringify(resource.body).includes('var.secret'));
    const store = synthesized.one('aws_secretsmanager_secret');
    expect(mentions.map((resource) => resource.address).sort()).toEqual([store.address, version.address]);
    const digest = 'substr(sha256(jsonencode({"accessKeyId" = var.id, "secretAccessKey" = var.secret})), 0, 8)';
    expect(store.body.name_prefix).toBe(`orders-backup-storage-\${${digest}}-`);
  });

  test('from other keys make another secret, and the one before stays until they have passed', () => {
    const stack = newStack();
    const [id, secret] = ['id', 'secret'].map((name) => new TerraformVariable(stack, name, {}).stringValue);
    newScheduledBackup(stack, undefined, {
      storage: newStorage({ credentials: StorageCredentials.fromKeys({ accessKeyId: id, secretAccessKey: secret }) }),
    });
    const synthesized = Synthesized.of(stack);
    const store = synthesized.one('aws_secretsmanager_secret');
    const version = synthesized.one('aws_secretsmanager_secret_version');
    for (const { body } of [store, version]) {
      expect(body.lifecycle).toEqual({ create_before_destroy: true });
    }
    // THEN test, schedule and grant name that secret, by the ARN that is known only once it is there
    const test_ = synthesized.one('aws_lambda_invocation', 'ConnectionTest');
    expect(test_.body.triggers).toMatchObject({
      secret_arn: `\${${store.address}.arn}`,
      secret_version: `\${${version.address}.version_id}`,
    });
    const schedule = synthesized.one('aws_scheduler_schedule', 'Backup/Schedule');
    expect(requestOf(schedule.body.target.input).storage.credentials).toEqual({
      kind: 'secret',
      secretArn: `\${${store.address}.arn}`,
      versionId: `\${${version.address}.version_id}`,
    });
    expect(synthesized.one('aws_iam_role_policy', 'Storage/Grant').body.policy).toContain(`${store.address}.arn`);
    expect(synthesized.before(test_)).toContain(version.address);
  });

  test('from the role are the minimum policy on the role itself', () => {
    const stack = newStack();
    const storage = BackupStorage.amazonS3({
      bucket: 'company-backups',
      path: 'production',
      region: 'eu-central-1',
      credentials: StorageCredentials.fromRole(),
    });
    newScheduledBackup(stack, undefined, { storage });
    const synthesized = Synthesized.of(stack);
    const { address } = synthesized.one('aws_partition');
    expect(requestOf(synthesized.one('aws_iam_role_policy', 'Storage/Grant').body.policy).Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'],
        Resource: [
          `\${join("", ["arn:", ${address}.partition, ":s3:::", "company-backups", "/", "production", "/*"])}`,
        ],
      },
    ]);
    expect(
      requestOf(synthesized.one('aws_lambda_invocation', 'ConnectionTest').body.input).storage.credentials,
    ).toEqual({
      kind: 'role',
    });
  });

  describe('from keys', () => {
    const stack = newStack();
    const variable = new TerraformVariable(stack, 'v', {}).stringValue;
    const secret = 'wJalrXUtnFEMI/K7MDENG';

    const attempt = (accessKeyId: string, secretAccessKey: string) => () => {
      const other = new TerraformStack(stack.node.root, `stack${stack.node.root.node.children.length}`);
      new AwsProvider(other, 'aws', { region: 'eu-central-1' });
      new TerraformVariable(other, 'withDefault', { default: secret });
      const keys = StorageCredentials.fromKeys({ accessKeyId, secretAccessKey });
      newScheduledBackup(other, undefined, { storage: newStorage({ path: other.node.id, credentials: keys }) });
    };

    test.each<[what: string, key: string]>([
      ['written out', secret],
      ['with text around its token', `x${variable}`],
      ['inside of Fn.sensitive', Token.asString(Fn.sensitive(secret))],
      ['inside of another function', Fn.join('', [secret, 'x'])],
      ['from Lazy', Lazy.stringValue({ produce: () => secret })],
      ['as the default of a variable', Token.asString(ref('var.withDefault'))],
    ])('fails with a key %s, and does not show it', (_what, key) => {
      for (const pair of [[key, variable] as const, [variable, key] as const]) {
        expect(attempt(...pair)).toThrow('would end in the synthesized JSON. Got "(not shown)".');
        expect(attempt(...pair)).not.toThrow(secret);
      }
    });

    test.each(['', undefined as unknown as string])('fails with the key %j', (key) => {
      expect(attempt(key, variable)).toThrow('accessKeyId of StorageCredentials.fromKeys is required.');
      expect(attempt(variable, key)).toThrow('secretAccessKey of StorageCredentials.fromKeys is required.');
    });

    test('takes a variable, an attribute, and a field of either', () => {
      expect(attempt(variable, Token.asString(Fn.sensitive(variable)))).not.toThrow();
      expect(attempt(variable, Token.asString(ref('jsondecode(data.x.y.secret_string)["password"]')))).not.toThrow();
    });
  });

  test.each([
    ['storage', 'The value for StorageCredentials.fromSecret is the ARN of a Secrets Manager secret'],
    [`${SECRET_ARN}:password::`, 'without a field or a version behind it.'],
    ['arn:aws:ssm:eu-central-1:123456789012:parameter/x', 'is the ARN of a Secrets Manager secret'],
    [undefined as unknown as string, 'The secret ARN of StorageCredentials.fromSecret is required. Got nothing.'],
  ])('fail from the secret %j', (secretArn, message) => {
    const storage = newStorage({ credentials: StorageCredentials.fromSecret(secretArn) });
    expect(() => newScheduledBackup(newStack(), undefined, { storage })).toThrow(message);
  });
});

import { TerraformVariable } from 'cdktf';
import { BackupStorage, StorageCredentials } from '../../src';
import { newScheduledBackup, newStack, newStorage, requestOf, SECRET_ARN, Synthesized } from '../support/synth';

const credentials = StorageCredentials.fromSecret(SECRET_ARN);

/** What the function is told of a storage. */
function settingsOf(storage: BackupStorage): any {
  const stack = newStack();
  newScheduledBackup(stack, undefined, { storage });
  return requestOf(Synthesized.of(stack).one('aws_lambda_invocation').body.input).storage;
}

describe('BackupStorage', () => {
  test('on Amazon S3 leaves the endpoint to the region', () => {
    const storage = BackupStorage.amazonS3({ bucket: 'b-1', path: 'p', region: 'eu-west-1', credentials });
    expect(settingsOf(storage)).toMatchObject({ kind: 'amazon-s3', region: 'eu-west-1', pathStyle: false });
    expect(settingsOf(storage)).not.toHaveProperty('endpoint');
  });

  test('on Cloudflare R2 makes the endpoint of the account and signs for "auto"', () => {
    const storage = BackupStorage.cloudflareR2({ bucket: 'b-1', path: 'p', accountId: 'abc123', credentials });
    expect(settingsOf(storage)).toMatchObject({
      kind: 'cloudflare-r2',
      endpoint: 'https://abc123.r2.cloudflarestorage.com',
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

  test('of another make, with maximal properties, hands every one to the function', () => {
    const storage = newStorage({
      endpoint: 'http://10.0.0.9:9000',
      region: 'somewhere',
      caCertificate: '-----BEGIN CERTIFICATE-----\n…',
      pathStyle: false,
      allowUnencrypted: true,
    });
    expect(settingsOf(storage)).toMatchObject({
      kind: 's3-compatible',
      endpoint: 'http://10.0.0.9:9000',
      region: 'somewhere',
      caCertificate: '-----BEGIN CERTIFICATE-----\n…',
      pathStyle: false,
      allowUnencrypted: true,
      bucket: 'company-backups',
      path: 'production',
      network: { vpcId: 'vpc-1', subnetIds: ['subnet-a', 'subnet-b'] },
    });
  });

  test('on a port of its own is let out to', () => {
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

  test.each([
    ['bucket', '', 'The bucket of a backup storage must not be empty. Got "". Name a bucket that exists.'],
    ['path', '/', 'The path of a backup storage names a folder: it must not be empty. Got "/".'],
    ['path', 'a/../b', 'The path of a backup storage must not have . or .. as a segment. Got "a/../b".'],
    ['path', 'a//b', 'The path of a backup storage must not have // in it. Got "a//b".'],
    ['path', 'a\\b', 'must have no control character and no backslash. Got "a\\\\b".'],
    [
      'endpoint',
      's3.example.com',
      'The endpoint of a backup storage is a URL that begins with https://. Got "s3.example.com".',
    ],
    [
      'endpoint',
      'http://s3.example.com',
      'The endpoint of a backup storage must begin with https://, unless allowUnencrypted is set. Got "http://s3.example.com".',
    ],
  ])('fails with the %s %j', (prop, value, message) => {
    expect(() => newStorage({ [prop]: value })).toThrow(message);
  });

  test("fails with the function's role on a store that does not know it", () => {
    expect(() => newStorage({ credentials: StorageCredentials.fromRole() })).toThrow(
      "StorageCredentials.fromRole reaches Amazon S3 alone: no other store knows the function's role.",
    );
  });
});

describe('StorageCredentials', () => {
  test('from a secret pin its current version and may read nothing else', () => {
    const stack = newStack();
    newScheduledBackup(stack);
    const synthesized = Synthesized.of(stack);
    const versions = synthesized.one('aws_secretsmanager_secret_versions').address;
    expect(requestOf(synthesized.one('aws_lambda_invocation').body.input).storage.credentials).toEqual({
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
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/3';
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
      storage: newStorage({ credentials: StorageCredentials.fromKeys(id, secret) }),
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
      storage: newStorage({ credentials: StorageCredentials.fromKeys(id, secret) }),
    });
    const synthesized = Synthesized.of(stack);
    const store = synthesized.one('aws_secretsmanager_secret');
    const version = synthesized.one('aws_secretsmanager_secret_version');
    for (const { body } of [store, version]) {
      expect(body.lifecycle).toEqual({ create_before_destroy: true });
    }
    // THEN test, schedule and grant name that secret, by the ARN that is known only once it is there
    const test_ = synthesized.one('aws_lambda_invocation');
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
    expect(JSON.parse(synthesized.one('aws_iam_role_policy', 'Storage/Grant').body.policy).Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'],
        Resource: ['arn:aws:s3:::company-backups/production/*'],
      },
    ]);
    expect(requestOf(synthesized.one('aws_lambda_invocation').body.input).storage.credentials).toEqual({
      kind: 'role',
    });
  });

  test.each([
    ['AKIAIOSFODNN7EXAMPLE', undefined],
    [undefined, 'wJalrXUtnFEMI/K7MDENG'],
  ])('fails with a key written out, and does not show it', (id, secret) => {
    const variable = new TerraformVariable(newStack(), 'v', {}).stringValue;
    const attempt = () => StorageCredentials.fromKeys(id ?? variable, secret ?? variable);
    expect(attempt).toThrow('a key written in a program ends in its synthesized JSON. Got "(not shown)".');
    expect(attempt).not.toThrow(id ?? secret);
  });

  test('fails with a name where the ARN of a secret belongs', () => {
    expect(() => StorageCredentials.fromSecret('storage')).toThrow(
      'StorageCredentials.fromSecret takes the ARN of a Secrets Manager secret. Got "storage".',
    );
  });
});

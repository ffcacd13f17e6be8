import * as path from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AccessKeys } from '../../sandbox/aws/signature';
import { Upstream } from '../../sandbox/aws/upstream';
import { Sandbox } from '../../sandbox/sandbox';
import { BackupStorage, StorageCredentials } from '../../src';

const APP = path.join(__dirname, 'drill');
const BUCKET = 'company-backups';

describe('A drill with credentials of its own, on real Terraform', () => {
  let sandbox: Sandbox;
  let variables: Record<string, unknown>;
  let masterSecretArn: string;
  /** What the storage renders for such credentials, and the same for another database's folder. */
  let enough: AccessKeys;
  let elsewhere: AccessKeys;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    const { storage } = sandbox;
    const bucket = await storage.createBucketWithKeys(BUCKET, 'backups');
    const declared = BackupStorage.amazonS3({
      bucket: BUCKET,
      path: '/backups',
      region: 'us-east-1',
      credentials: StorageCredentials.fromRole(),
    });
    const rendered = (database: string) =>
      JSON.parse(declared.minimumDrillPolicy(database)).Statement.map(({ Action, Resource }: any) => ({
        actions: Action,
        keys: Resource.replace('arn:aws:s3:::', ''),
      }));
    enough = await storage.createKeysFor(rendered('orders'));
    elsewhere = await storage.createKeysFor(rendered('users'));
    const secrets = new SecretsManagerClient(client());
    const SecretString = JSON.stringify({ username: 'postgres', password: 'password-of-the-master' });
    masterSecretArn = (await secrets.send(new CreateSecretCommand({ Name: 'master', SecretString }))).ARN!;
    variables = { ...(await sandbox.programVariables(bucket)), master_secret_arn: masterSecretArn };
  });

  afterAll(async () => sandbox?.stop());

  const client = () => {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = sandbox.environment();
    const { endpoint, region } = sandbox;
    return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
  };

  const withKeys = ({ accessKeyId, secretAccessKey }: AccessKeys) => ({
    variables: { ...variables, drill_access_key_id: accessKeyId, drill_secret_access_key: secretAccessKey },
  });

  const schedules = async () => JSON.stringify(await sandbox.schedules());

  test('whose credentials do not reach the folder stops the deployment before any schedule; the rendered policy is enough', async () => {
    // WHEN the drill's credentials are for another folder
    const refused = await sandbox.apply(APP, withKeys(elsewhere));

    // THEN the drill's test says so, and no schedule is there
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toMatch(/Lambda Function \(orders-backup-drill\).*"errorType":"ConnectionTestFailed"/);
    expect(refused.output).not.toMatch(/Lambda Function \(orders-backup\)/);
    expect(await sandbox.schedules()).toEqual([]);

    // WHEN they have what the storage renders
    const applied = await sandbox.apply(APP, withKeys(enough));

    // THEN all is there, nothing is left in the bucket, and a second plan is empty
    expect([applied.exitCode, applied.exitCode === 0 ? '' : applied.output]).toEqual([0, '']);
    expect((await sandbox.schedules()).map(({ name }) => name).sort()).toEqual([
      'orders-backup',
      'orders-backup-drill',
      'orders-backup-watch',
    ]);
    expect(await sandbox.storage.list(BUCKET)).toEqual([]);
    expect((await sandbox.plan(APP, withKeys(enough))).exitCode).toBe(0);
  });

  test('whose credentials are broken later leaves every schedule as it was', async () => {
    const before = await schedules();
    expect((await sandbox.apply(APP, withKeys(elsewhere))).exitCode).toBe(1);
    expect(await schedules()).toBe(before);
    expect((await sandbox.apply(APP, withKeys(enough))).exitCode).toBe(0);
    expect((await sandbox.plan(APP, withKeys(enough))).exitCode).toBe(0);
  });

  test('cannot reach the database: no secret, no network, no rule of its security group', async () => {
    // GIVEN the function of the drill, which has every program of a backup
    const { drill_function: FunctionName, database_group: group } = (await (
      await sandbox.app(APP)
    ).outputs(withKeys(enough))) as Record<string, string>;
    const backUp = {
      action: 'back-up',
      storage: (await inputOf('orders-backup-drill')).source.storage,
      database: (await inputOf('orders-backup')).database,
      retentionDays: 30,
    };

    // WHEN it is asked for a backup of the database
    const answer = await new LambdaClient(client()).send(
      new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(backUp)) }),
    );

    // THEN it may not read the secret of the database
    expect(answer.FunctionError).toBeDefined();
    expect(Buffer.from(answer.Payload!).toString()).toContain(masterSecretArn);
    expect(Buffer.from(answer.Payload!).toString()).toMatch(/AccessDenied|not authorized|GetSecretValue/);
    // AND it is in no VPC; the group of the database lets the backup function in, and nobody else
    const aws = new Upstream(sandbox.endpoint, sandbox.region);
    const configuration = JSON.parse(
      (await aws.call('lambda', 'GET', `/2015-03-31/functions/orders-backup-drill/configuration`)).toString(),
    );
    expect(configuration.VpcConfig?.SubnetIds ?? []).toEqual([]);
    const rules = (await aws.call('ec2', 'GET', '/?Action=DescribeSecurityGroupRules&Version=2016-11-15')).toString();
    const ingress = [...rules.matchAll(/<item>.*?<\/item>/gs)]
      .map(([text]) => text)
      .filter((text) => text.includes(`<groupId>${group}</groupId>`) && text.includes('<isEgress>false</isEgress>'));
    expect(ingress).toHaveLength(1);
  });

  async function inputOf(schedule: string): Promise<any> {
    const aws = new Upstream(sandbox.endpoint, sandbox.region);
    const answer = await aws.call('scheduler', 'GET', `/schedules/${schedule}?groupName=default`);
    return JSON.parse(JSON.parse(answer.toString()).Target.Input);
  }
});

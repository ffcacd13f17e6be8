import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { addressedTo } from '../../../sandbox/aws/message';
import { RdsService } from '../../../sandbox/aws/rds';
import { Upstream } from '../../../sandbox/aws/upstream';
import { CertificateAuthority } from '../../../sandbox/certificate-authority';
import { Moto, MotoProgram } from '../../../sandbox/moto';

const CACHE = path.join(__dirname, '..', '..', '..', '.cache');
const ORDERS = { DBInstanceIdentifier: 'orders' };

let directory: string;
let moto: Moto;
let rds: RdsService;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'rds-test-'));
  await chmod(directory, 0o711);
  await mkdir(path.join(directory, 'databases'));
  const program = await MotoProgram.locate(CACHE);
  moto = await Moto.start({ name: 'moto', program, logFile: path.join(directory, 'moto.log') });
  const certificateAuthority = await CertificateAuthority.create(path.join(directory, 'authority'));
  rds = new RdsService({
    upstream: new Upstream(moto.endpoint, 'us-east-1'),
    certificateAuthority,
    directory: path.join(directory, 'databases'),
  });
});

afterAll(async () => {
  await rds?.stop();
  await moto?.stop();
  await rm(directory, { recursive: true });
});

// One story, as each instance is a server.
test('an instance changes as RDS changes it: at once, in the maintenance window, or not at all', async () => {
  await take('CreateDBInstance', {
    ...ORDERS,
    ...{ Engine: 'postgres', EngineVersion: '17.5', DBInstanceClass: 'db.t4g.micro', DBName: 'orders' },
    ...{ MasterUsername: 'postgres', ManageMasterUserPassword: 'true', AllocatedStorage: '100', StorageType: 'gp3' },
  });
  expect(await described('EngineVersion', 'Iops', 'StorageThroughput')).toEqual(['17.5', '3000', '125']);

  // WHEN nobody asks to apply at once THEN the change waits, and is shown as waiting
  await take('ModifyDBInstance', { ...ORDERS, AllocatedStorage: '200', EngineVersion: '17.6' });
  expect(await described('AllocatedStorage', 'EngineVersion')).toEqual(['100', '17.5']);
  expect(await pending()).toBe('<AllocatedStorage>200</AllocatedStorage><EngineVersion>17.6</EngineVersion>');

  // WHEN somebody does THEN what waited comes too
  await take('ModifyDBInstance', { ...ORDERS, DBInstanceClass: 'db.t4g.small', ApplyImmediately: 'true' });
  expect(await described('AllocatedStorage', 'EngineVersion', 'DBInstanceClass')).toEqual([
    ...['200', '17.6', 'db.t4g.small'],
  ]);
  expect(await pending()).toBe('');

  // A growth across 400 GiB changes the rates, and is refused with those from before it.
  const growth = { ...ORDERS, AllocatedStorage: '500', ApplyImmediately: 'true' };
  await refuse('ModifyDBInstance', { ...growth, Iops: '3000' }, 'allowed are 12000 to 64000');
  await take('ModifyDBInstance', growth);
  expect(await described('AllocatedStorage', 'Iops', 'StorageThroughput')).toEqual(['500', '12000', '500']);
  await refuse('ModifyDBInstance', { ...ORDERS, AllocatedStorage: '400' }, "can't be reduced");
  await refuse('ModifyDBInstance', { ...ORDERS, EngineVersion: '17.5' }, 'Cannot upgrade postgres from 17.6 to 17.5');

  // A final snapshot's name is used once.
  const last = { ...ORDERS, FinalDBSnapshotIdentifier: 'orders-last' };
  await take('CreateDBSnapshot', { ...ORDERS, DBSnapshotIdentifier: 'orders-last' });
  await refuse('DeleteDBInstance', last, 'a snapshot with the identifier orders-last already exists');
  await take('DeleteDBInstance', { ...ORDERS, FinalDBSnapshotIdentifier: 'orders-last-2' });
  expect(rds.servers).toEqual([]);
});

test('a subnet group covers two zones, a parameter group fits its engine', async () => {
  const upstream = new Upstream(moto.endpoint, 'us-east-1');
  const xml = (await upstream.call('ec2', 'GET', '/?Action=DescribeSubnets&Version=2016-11-15')).toString();
  const [one, two] = [...xml.matchAll(/<subnetId>(.*?)</g)].map(([, id]) => id);
  const group = { DBSubnetGroupName: 'orders', DBSubnetGroupDescription: 'text', 'SubnetIds.SubnetIdentifier.1': one };
  await refuse('CreateDBSubnetGroup', group, 'at least 2 AZs');
  await take('CreateDBSubnetGroup', { ...group, 'SubnetIds.SubnetIdentifier.2': two });

  await take('CreateDBParameterGroup', {
    ...{ DBParameterGroupName: 'of-16', DBParameterGroupFamily: 'postgres16', Description: 'text' },
  });
  const plain = {
    ...{ DBInstanceIdentifier: 'plain', Engine: 'postgres', DBInstanceClass: 'db.t4g.micro', AllocatedStorage: '20' },
    ...{ MasterUsername: 'postgres', ManageMasterUserPassword: 'true' },
  };
  // As the provider sends it for an instance without db_name.
  await take('CreateDBInstance', { ...plain, DBName: '' });
  await refuse('CreateDBInstance', { ...plain, DBInstanceIdentifier: 'other', DBName: 'a-b' }, 'DBName');
  const instance = {
    ...{ ...ORDERS, Engine: 'postgres', EngineVersion: '17', DBInstanceClass: 'db.t4g.micro', AllocatedStorage: '20' },
    ...{ MasterUsername: 'postgres', ManageMasterUserPassword: 'true', DBParameterGroupName: 'of-16' },
  };
  await refuse('CreateDBInstance', instance, 'Use a parameter group with DBParameterGroupFamily postgres17');
});

async function call(action: string, parameters: Record<string, string>): Promise<{ status: number; text: string }> {
  const body = new URLSearchParams({ Action: action, Version: '2014-10-31', ...parameters });
  const headers = { ...addressedTo('rds', 'us-east-1'), 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await rds.answer({ method: 'POST', url: '/', headers, body: Buffer.from(body.toString()) });
  return { status: answer.status, text: answer.body.toString() };
}

async function take(action: string, parameters: Record<string, string>): Promise<void> {
  const { status, text } = await call(action, parameters);
  expect(status === 200 ? 200 : text).toBe(200);
}

async function refuse(action: string, parameters: Record<string, string>, says: string): Promise<void> {
  const { status, text } = await call(action, parameters);
  expect(text).toContain(says);
  expect(status).toBe(400);
}

async function described(...elements: string[]): Promise<(string | undefined)[]> {
  const { text } = await call('DescribeDBInstances', ORDERS);
  const present = text.replace(/<PendingModifiedValues>.*?<\/PendingModifiedValues>/s, '');
  return elements.map((name) => new RegExp(`<${name}>([^<]*)<`).exec(present)?.[1]);
}

async function pending(): Promise<string | undefined> {
  const { text } = await call('DescribeDBInstances', ORDERS);
  return /<PendingModifiedValues>(.*?)<\/PendingModifiedValues>/s.exec(text)?.[1];
}

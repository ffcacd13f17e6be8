import { TerraformOutput } from 'cdktf';
import { BackupSource, DatabaseEngine, DatabasePlan, RestoredDatabase, StoredBackups } from '../../src';
import { NETWORK, newScheduledBackup, newStack, newStorage, requestOf, Synthesized } from '../support/synth';

function newRestoredDatabase(stack: any, source: BackupSource, props: object = {}): RestoredDatabase {
  return new RestoredDatabase(stack, 'Restored', {
    identifier: 'orders-restored',
    engine: DatabaseEngine.postgres('17'),
    plan: DatabasePlan.SMALL,
    network: NETWORK,
    source,
    ...props,
  });
}

describe('RestoredDatabase', () => {
  const stack = newStack();
  newRestoredDatabase(stack, StoredBackups.fromStorage(newStorage(), 'orders').latest());
  const synthesized = Synthesized.of(stack);
  const check = synthesized.one('aws_lambda_invocation', 'RestoreCheck');
  const restore = synthesized.one('aws_lambda_invocation', 'Restored/Restore/');
  const instance = synthesized.one('aws_db_instance');

  test('is checked before the instance is made, and filled after it', () => {
    expect(synthesized.before(instance)).toContain(check.address);
    expect(synthesized.before(check)).not.toContain(instance.address);
    expect(synthesized.before(restore)).toContain(instance.address);
    expect(synthesized.before(restore)).toContain(synthesized.one('aws_iam_role_policy', 'DatabaseGrant').address);
  });

  test('passes source and target to the restore check', () => {
    expect(requestOf(check.body.input)).toMatchObject({
      action: 'restore-check',
      source: { database: 'orders', backup: { kind: 'latest' }, storage: { bucket: 'company-backups' } },
      target: { engineMajor: 17, plan: { vcpu: 2, memoryGib: 2, storageGib: 20 } },
      sourceDescription: 'the latest completed backup of https://s3.example.com/company-backups/production/orders',
    });
  });

  test('restores the very backup that was checked, whatever is the latest by then', () => {
    expect(requestOf(restore.body.input)).toMatchObject({
      action: 'restore',
      source: { backup: { kind: 'backup', id: `\${jsondecode(${check.address}.result).backup}` } },
      target: { identifier: 'orders-restored' },
    });
  });

  test('runs both once in the life of the instance', () => {
    const once = ['function_name', 'qualifier', 'input'];
    expect(check.body.lifecycle).toEqual({ ignore_changes: once });
    expect(restore.body.lifecycle).toEqual({
      ignore_changes: once,
      replace_triggered_by: [`${instance.address}.resource_id`],
    });
    expect(check.body).not.toHaveProperty('triggers');
    expect(restore.body).not.toHaveProperty('triggers');
  });

  test('goes on without what the server refuses only where it is told to, and puts out what is missing', () => {
    expect(requestOf(restore.body.input)).not.toHaveProperty('keepGoing');
    const other = newStack();
    const restored = newRestoredDatabase(other, StoredBackups.fromStorage(newStorage(), 'orders').latest(), {
      keepGoing: true,
    });
    new TerraformOutput(other, 'remarks', { value: restored.restoreRemarks });
    new TerraformOutput(other, 'not_enforced', { value: restored.notEnforced });
    const result = Synthesized.of(other);
    const { address, body } = result.one('aws_lambda_invocation', 'Restored/Restore/');
    expect(requestOf(body.input)).toMatchObject({ action: 'restore', keepGoing: true });
    expect(result.json.output).toEqual({
      remarks: { value: `\${jsondecode(${address}.result).remarks}` },
      not_enforced: { value: `\${jsondecode(${address}.result).notEnforced}` },
    });
  });

  test('refuses to fill a database that was created without a backup', () => {
    const identity = synthesized.one('terraform_data', 'Restored/Identity');
    expect(identity.body.input).toEqual({ identifier: 'orders-restored', restored: true });
    expect(instance.body.lifecycle.precondition).toContainEqual({
      condition: `\${${identity.address}.output.restored}`,
      error_message: expect.stringContaining('A restore fills a new database, never one that exists'),
    });
  });

  test('refuses a changed source with an explanation', () => {
    const precondition = instance.body.lifecycle.precondition.at(-1);
    expect(precondition.condition).toContain(`jsondecode(${check.address}.result).sourceDescription == `);
    expect(precondition.condition).toContain(
      'the latest completed backup of https://s3.example.com/company-backups/production/orders',
    );
    expect(precondition.error_message).toContain('The source of restored database orders-restored has changed.');
  });

  test('has its own backups, which wait for the restore', () => {
    const other = newStack();
    const restored = newRestoredDatabase(other, StoredBackups.fromStorage(newStorage(), 'orders').latest());
    newScheduledBackup(other, restored);
    const result = Synthesized.of(other);
    expect(result.before(result.one('aws_scheduler_schedule', 'Backup/Schedule'))).toContain(
      result.one('aws_lambda_invocation', 'Restored/Restore/').address,
    );
    expect(result.all('aws_lambda_function')).toHaveLength(1);
  });

  test('has construct ids that are a contract', () => {
    expect(
      synthesized.resources
        .map((resource) => resource.path)
        .filter((path) => !path.includes('BackupFunction'))
        .sort(),
    ).toEqual(
      [
        'stack/Restored/Deployed',
        'stack/Restored/DeployedInstance',
        'stack/Restored/Identity',
        'stack/Restored/ParameterGroup',
        'stack/Restored/Resource',
        'stack/Restored/RestoreCheck/Resource',
        'stack/Restored/Restore/Resource',
        'stack/Restored/SecurityGroup',
        'stack/Restored/SourceStorage/Grant/Resource',
        'stack/Restored/SourceStorage/Versions',
        'stack/Restored/SubnetGroup',
      ].sort(),
    );
  });

  test('fails with a plan below the source', () => {
    const other = newStack();
    const backup = newScheduledBackup(other);
    expect(() => newRestoredDatabase(other, backup.backups.latest(), { plan: DatabasePlan.MICRO })).toThrow(
      'The plan of a restored database is at least that of its source, small (2 vCPU, 2 GiB memory, 20 GiB storage), in vCPU, memory and storage. Got "micro (2 vCPU, 1 GiB memory, 20 GiB storage)". Choose a larger plan. (at stack/Restored)',
    );
  });

  test('fails with an engine older than the source', () => {
    const other = newStack();
    const backup = newScheduledBackup(other);
    expect(() =>
      newRestoredDatabase(other, backup.backups.latest(), { engine: DatabaseEngine.postgres('16.9') }),
    ).toThrow('The engine of a restored database is not older than that of its source, PostgreSQL 17. Got "16.9".');
  });
});

describe('StoredBackups', () => {
  const selectorOf = (source: BackupSource) => {
    const stack = newStack();
    newRestoredDatabase(stack, source);
    return requestOf(Synthesized.of(stack).one('aws_lambda_invocation', 'RestoreCheck').body.input).source.backup;
  };

  test('names a backup in either form of its id', () => {
    const backup = newScheduledBackup(newStack());
    const expected = { kind: 'backup', id: '20261122T030000Z' };
    expect(selectorOf(backup.backups.byId('20261122T030000Z'))).toEqual(expected);
    expect(selectorOf(StoredBackups.fromStorage(newStorage(), 'orders').byId('2026-11-22T03:00:00Z'))).toEqual(
      expected,
    );
  });

  test('names the last backup before a moment', () => {
    const expected = { kind: 'before', time: '2026-11-22T03:00:00Z' };
    expect(selectorOf(newScheduledBackup(newStack()).backups.before('2026-11-22T03:00:00Z'))).toEqual(expected);
    expect(selectorOf(StoredBackups.fromStorage(newStorage(), 'orders').before('2026-11-22T03:00:00Z'))).toEqual(
      expected,
    );
  });

  const backups = StoredBackups.fromStorage(newStorage(), 'orders');

  test.each(['yesterday', '20260230T030000Z'])('fails with the backup id %j', (id) => {
    expect(() => selectorOf(backups.byId(id))).toThrow(
      `A backup id is a UTC second such as 20261122T030000Z or 2026-11-22T03:00:00Z. Got ${JSON.stringify(id)}. Copy the id from the list of backups, such as 20261122T030000Z. (at stack/Restored)`,
    );
  });

  test.each(['yesterday', '2026-11-22', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-11-22T24:00:00Z'])(
    'fails with the time %j',
    (time) => {
      expect(() => selectorOf(backups.before(time))).toThrow(
        `A time is ISO 8601 in UTC and a date that exists. Got ${JSON.stringify(time)}. Write it as 2026-11-22T03:00:00Z. (at stack/Restored)`,
      );
    },
  );

  test.each(['', undefined as unknown as string])('fails without an id, a time or an identifier: %j', (nothing) => {
    expect(() => selectorOf(backups.byId(nothing))).toThrow('The id of a backup is required.');
    expect(() => selectorOf(backups.before(nothing))).toThrow('The time of StoredBackups.before is required.');
    expect(() => selectorOf(StoredBackups.fromStorage(newStorage(), nothing).latest())).toThrow(
      'databaseIdentifier of StoredBackups is required.',
    );
  });
});

import * as path from 'node:path';
import { Finished } from '../../sandbox/process';
import { Sandbox } from '../../sandbox/sandbox';
import { unwrapped } from '../support/terraform-output';

const PROGRAM = path.join(__dirname, 'instance-changes');
const MINUTE = 60_000;
jest.setTimeout(40 * MINUTE);

/** The environment of the program after its storage has grown: it does not shrink again. */
const GROWN = { PLAN: 'large', RATES: '1' };
/** And after one of its databases was upgraded. */
const UPGRADED = { ...GROWN, EXACT_ENGINE: '18', UPGRADE: '1' };

describe('An instance, on real Terraform', () => {
  let sandbox: Sandbox;
  let variables: Record<string, unknown>;

  const run = async (command: 'apply' | 'plan' | 'destroy', environment = {}): Promise<Finished> =>
    sandbox[command](PROGRAM, { variables, environment });
  const succeed = async (command: 'apply' | 'plan' | 'destroy', environment = {}): Promise<void> => {
    const { exitCode, output } = await run(command, environment);
    if (exitCode !== 0) throw new Error(`terraform ${command} ended with ${exitCode}:\n${output}`);
  };
  const snapshotName = async () => (await (await sandbox.app(PROGRAM)).outputs({ variables })).final_snapshot;
  const scheduleNames = async () => (await sandbox.schedules()).map(({ name }) => name).sort();

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    variables = await sandbox.programVariables(
      await sandbox.storage.createBucketWithKeys('changes-backups', 'changes'),
    );
    await succeed('apply');
  });

  afterAll(async () => sandbox?.stop());

  test('has nothing to plan after it was created', async () => {
    await succeed('plan');
  });

  test('refuses another identifier, and says which one it was', async () => {
    const { exitCode, output } = await run('plan', { IDENTIFIER: 'renamed' });
    expect(exitCode).toBe(1);
    expect(unwrapped(output)).toContain(
      'The identifier of a database cannot be changed: it was changes, and the program names renamed.',
    );
  });

  test('refuses a plan with less storage', async () => {
    const { exitCode, output } = await run('plan', { PLAN: 'small' });
    expect(exitCode).toBe(1);
    expect(unwrapped(output)).toContain(
      'RDS never shrinks storage: database changes has 50 GiB, and the plan small has 20 GiB.',
    );
  });

  test('while it is protected, refuses its destruction before anything is taken away', async () => {
    const { exitCode, output } = await run('destroy');
    expect(exitCode).toBe(1);
    expect(unwrapped(output)).toContain('Instance cannot be destroyed');
    expect(await scheduleNames()).toEqual(['changes-backup', 'changes-backup-watch']);
    await succeed('plan');
  });

  test('while it is protected, keeps everything when it is removed from the program', async () => {
    const { exitCode, output } = await run('apply', { REMOVED: '1' });
    expect(exitCode).toBe(1);
    expect(unwrapped(output)).toContain('Database changes is protected from deletion');
    expect(await scheduleNames()).toEqual(['changes-backup', 'changes-backup-watch']);
    // The output of the program went with it, and nothing else.
    const plan = await run('plan');
    expect(unwrapped(plan.output)).toContain('without changing any real infrastructure');
  });

  test('grows across 400 GiB, has its rates changed, and has nothing to plan after each', async () => {
    await succeed('apply', { PLAN: 'large' });
    await succeed('plan', { PLAN: 'large' });
    await succeed('apply', GROWN);
    await succeed('plan', GROWN);
  });

  test('is upgraded to another major version where the program allows it, and has nothing to plan then', async () => {
    const { exitCode, output } = await run('apply', { ...GROWN, EXACT_ENGINE: '18' });
    expect(exitCode).toBe(1);
    expect(unwrapped(output)).toContain('The AllowMajorVersionUpgrade flag must be present');
    await succeed('apply', UPGRADED);
    await succeed('plan', UPGRADED);
    expect(sandbox.databases().find(({ identifier }) => identifier === 'exact')?.major).toBe(18);
  });

  test('names its last snapshot for one life: the same at every plan, another in the next life', async () => {
    const first = await snapshotName();
    expect(first).toMatch(/^changes-final-\d{14}$/);
    await succeed('apply', { ...UPGRADED, UNPROTECTED: '1' });
    expect(await snapshotName()).toBe(first);
    await succeed('destroy', { ...UPGRADED, UNPROTECTED: '1' });
    expect(await scheduleNames()).toEqual([]);
    await succeed('apply', { ...UPGRADED, UNPROTECTED: '1' });
    expect(await snapshotName()).not.toBe(first);
    await succeed('destroy', { ...UPGRADED, UNPROTECTED: '1' });
  });
});

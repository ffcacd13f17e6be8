import { ruleRefusal } from '../../sandbox/aws/service-rules';
import { BackupDashboard, RestoreDrill } from '../../src';
import { newDatabase, newScheduledBackup, newStack, newStorage, requestOf, Synthesized } from '../support/synth';

function dashboardOf(props: object = {}) {
  const stack = newStack();
  const database = newDatabase(stack);
  const first = newScheduledBackup(stack, database);
  const second = newScheduledBackup(
    stack,
    database,
    { storage: newStorage({ path: 'second' }), scheduleName: 'second' },
    'Second',
  );
  new BackupDashboard(stack, 'Dashboard', { backups: [first, second], dashboardName: 'backups', ...props });
  const synthesized = Synthesized.of(stack);
  return { synthesized, dashboard: synthesized.one('aws_cloudwatch_dashboard') };
}

/** Terraform's expressions stay as they are: none of them changes the form of a widget. */
function expectTaken(widgets: any[]): void {
  expect(ruleRefusal('monitoring', 'PutDashboard', { DashboardBody: JSON.stringify({ widgets }) })).toBeUndefined();
}

function expectNoOverlap(drawn: any[]): void {
  const cells = drawn.flatMap(({ x, y, width, height }: any) =>
    Array.from({ length: width * height }, (_, index) => `${x + (index % width)},${y + Math.floor(index / width)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(Math.max(...drawn.map(({ x, width }: any) => x + width))).toBe(24);
}

describe('BackupDashboard', () => {
  const { synthesized, dashboard } = dashboardOf();
  const { widgets } = requestOf(dashboard.body.dashboard_body);

  test('draws age, failures, duration, size, rate and retries of every backup by the dimensions of its metrics', () => {
    const graphs = widgets.filter(({ type }: any) => type === 'metric');
    expect(graphs.map(({ properties }: any) => properties.title)).toEqual([
      'Age of the newest completed backup',
      'Failed runs',
      'Duration',
      'Size',
      'Rate',
      'Repeated requests, locked runs',
    ]);
    expect(graphs[0].properties.metrics).toEqual([
      ['ManagedDatabase', 'BackupAge', 'Database', 'orders', 'Schedule', 'orders-backup', { label: 'orders-backup' }],
      ['ManagedDatabase', 'BackupAge', 'Database', 'orders', 'Schedule', 'second', { label: 'second' }],
    ]);
  });

  test('shows the alarms, and links to the logs and the runbooks', () => {
    const alarms = synthesized.all('aws_cloudwatch_metric_alarm').map(({ address }) => `\${${address}.arn}`);
    expect(widgets[0].properties.alarms.sort()).toEqual(alarms.sort());
    const { markdown } = widgets.at(-1).properties;
    expect(markdown).toContain('docs/runbooks/missing-backup.md');
    expect(markdown).toContain('log-groups/log-group/$252Faws$252Flambda$252Forders-backup');
  });

  test('no widget lies over another, and none is wider than the dashboard', () => expectNoOverlap(widgets));

  test('CloudWatch takes it', () => expectTaken(widgets));

  test('draws the proofs of the backups that are drilled, their alarms and their logs', () => {
    const stack = newStack();
    const database = newDatabase(stack);
    const first = newScheduledBackup(stack, database, { drill: RestoreDrill.weekly() });
    const storage = newStorage({ path: 'second' });
    const second = newScheduledBackup(stack, database, { storage, scheduleName: 'second' }, 'Second');
    new BackupDashboard(stack, 'Dashboard', { backups: [first, second], dashboardName: 'backups' });
    const result = Synthesized.of(stack);
    const drawn = requestOf(result.one('aws_cloudwatch_dashboard').body.dashboard_body).widgets;
    const graphs = drawn.filter(({ type }: any) => type === 'metric').slice(6);
    expect(graphs.map(({ properties }: any) => properties.title)).toEqual([
      'Age of the newest proof',
      'Failed drills',
      'Duration of drills',
    ]);
    expect(graphs.map(({ properties }: any) => properties.metrics)).toEqual(
      ['ProofAge', 'DrillFailed', 'DrillDuration'].map((metric) => [
        ['ManagedDatabase', metric, 'Database', 'orders', 'Schedule', 'orders-backup', { label: 'orders-backup' }],
      ]),
    );
    const alarms = result.all('aws_cloudwatch_metric_alarm').map(({ address }) => `\${${address}.arn}`);
    expect(alarms).toHaveLength(6);
    expect(drawn[0].properties.alarms.sort()).toEqual(alarms.sort());
    expect(drawn.at(-1).properties.markdown).toContain('docs/runbooks/failed-drill.md');
    expect(drawn.at(-1).properties.markdown).toContain('log-group/$252Faws$252Flambda$252Forders-backup-drill');
    expectNoOverlap(drawn);
    expectTaken(drawn);
  });

  test.each([
    ['backups', [], 'backups has 1 to 50 scheduled backups. Got 0.'],
    ['backups', [{}], 'backups has 1 to 50 scheduled backups.'],
    ['dashboardName', 'my backups', 'dashboardName has 1 to 255 letters, digits, hyphens and underscores.'],
    ['dashboardName', undefined, 'dashboardName is required.'],
  ])('fails with %s %j', (prop, value, message) => {
    expect(() => dashboardOf({ [prop]: value })).toThrow(message);
  });
});

import { BackupDashboard } from '../../src';
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

  test('no widget lies over another, and none is wider than the dashboard', () => {
    const cells = widgets.flatMap(({ x, y, width, height }: any) =>
      Array.from({ length: width * height }, (_, index) => `${x + (index % width)},${y + Math.floor(index / width)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...widgets.map(({ x, width }: any) => x + width))).toBe(24);
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

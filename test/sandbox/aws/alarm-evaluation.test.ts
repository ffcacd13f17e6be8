import {
  AlarmDefinition,
  evaluateAlarm,
  MetricPoint,
  metricPoints,
  pointsOf,
} from '../../../sandbox/aws/alarm-evaluation';

const ALARM: AlarmDefinition = {
  Namespace: 'Space',
  MetricName: 'Age',
  Dimensions: [{ Name: 'Database', Value: 'orders' }],
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 3,
  Threshold: 10,
  ComparisonOperator: 'GreaterThanThreshold',
};
const NOW = 100_000_000;

/** One character a period, oldest first: `X` breaching, `0` not breaching, `-` missing. */
function pointsFrom(text: string): MetricPoint[] {
  return [...text].flatMap((each, index) =>
    each === '-'
      ? []
      : [
          {
            ...{ namespace: 'Space', metric: 'Age', dimensions: { Database: 'orders' } },
            time: NOW - (text.length - 1 - index) * 60_000 - 1_000,
            value: each === 'X' ? 11 : 10,
          },
        ],
  );
}

// The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, with a range of
// five periods; `before` is the state that is kept.
test.each([
  [3, '0-X-X', 'OK', 'OK', 'OK', 'OK'],
  [3, '-----', 'INSUFFICIENT_DATA', 'before', 'ALARM', 'OK'],
  [3, '----0', 'OK', 'OK', 'OK', 'OK'],
  [3, '0XX-X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  [3, '--X--', 'ALARM', 'before', 'ALARM', 'OK'],
  [3, '----X', 'OK', 'before', 'ALARM', 'OK'],
  [2, '0-X-X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  [2, '00X0X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
])('%d of 3 with %s', (DatapointsToAlarm, text, ...expected) => {
  const treatments = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
  for (const before of ['OK', 'ALARM'] as const) {
    expect(
      treatments.map((TreatMissingData) =>
        evaluateAlarm({ ...ALARM, DatapointsToAlarm, TreatMissingData }, pointsFrom(text), NOW, before),
      ),
    ).toEqual(expected.map((state) => (state === 'before' ? before : state)));
  }
});

test('reads the values of an embedded metric, and an alarm reads those with exactly its dimensions', () => {
  const line = (dimensions: object) =>
    JSON.stringify({
      _aws: {
        Timestamp: NOW,
        CloudWatchMetrics: [
          { Namespace: 'Space', Dimensions: [Object.keys(dimensions)], Metrics: [{ Name: 'Age' }, { Name: 'Size' }] },
        ],
      },
      ...{ ...dimensions, Age: 7, Size: 8 },
    });

  const points = metricPoints([
    'START',
    '{"event":"list"}',
    line({ Database: 'orders' }),
    line({ Schedule: 'orders' }),
  ]);

  expect(points.map(({ metric, value }) => [metric, value])).toEqual([
    ...[
      ['Age', 7],
      ['Size', 8],
    ],
    ...[
      ['Age', 7],
      ['Size', 8],
    ],
  ]);
  expect(pointsOf(ALARM, points)).toEqual([points[0]]);
});

import { chooseParts, failureText, parseBenchOptions } from '../../bench/bench';
import { ActionError } from '../../src/contract/action-error';

test('every measurement takes the same options', () => {
  expect(
    parseBenchOptions(
      [
        'backup',
        '--only',
        'dumping',
        '--seed',
        '7',
        '--minutes',
        '3',
        '--json',
        '--file',
        'figures.json',
        '--kills',
        '9',
      ],
      ['kills', 'faults'],
    ),
  ).toEqual({
    words: ['backup'],
    only: 'dumping',
    seed: 7,
    minutes: 3,
    json: true,
    file: 'figures.json',
    numbers: { kills: 9 },
  });
});

test('without options everything is measured, without a limit, with another seed each time', () => {
  const options = parseBenchOptions([]);
  expect(options).toMatchObject({ words: [], only: undefined, minutes: undefined, json: false, numbers: {} });
  expect(options.seed).toBeGreaterThan(1_700_000_000);
});

test.each([
  [['--minutes', 'ten'], '--minutes takes a whole number from 1; got ten.'],
  [['--seed', '0'], '--seed takes a whole number from 1; got 0.'],
  [['--kills', '1.5'], '--kills takes a whole number from 1; got 1.5.'],
  [['--stores', 'moto'], "Unknown option '--stores'"],
])('fails for %j', (args, message) => {
  expect(() => parseBenchOptions(args, ['kills'])).toThrow(message);
});

test('--only names one part, and an error lists the parts', () => {
  expect(chooseParts(['moto', 'ceph'], 'ceph')).toEqual(['ceph']);
  expect(chooseParts(['moto', 'ceph'], undefined)).toEqual(['moto', 'ceph']);
  expect(() => chooseParts(['moto', 'ceph'], 'minio')).toThrow('--only takes one of moto, ceph; got minio.');
});

test('a measurement that fails says why: the message of the product, or where the program broke', () => {
  expect(failureText(new ActionError('BackupFailed', 'table public.hidden: its row security hides rows'))).toBe(
    'BackupFailed: table public.hidden: its row security hides rows',
  );
  expect(failureText(new Error('broken'))).toMatch(/^Error: broken\n\s+at .*bench\.test\.ts/);
});

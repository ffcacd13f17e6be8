import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { blocksOf, inlineCodeOf, textOf } from './pages';
import { LOCALES } from '../../packaging/locales';
import { BackupSchedule, BackupStorage, DatabaseNetwork, RestoreDrill, StorageCredentials } from '../../src';
import { createProgram } from '../../src/cli/program';
import { Session } from '../../src/cli/session';
import { drillDiskBytes } from '../../src/contract/drill-rules';
import { METRIC_UNITS } from '../../src/contract/metrics';
import { MAXIMUM_PART_NUMBER } from '../../src/contract/object-keys';
import { NEWEST_MAJOR, OLDEST_MAJOR } from '../../src/contract/postgresql-majors';
import { MAXIMUM_KEY_BYTES, MAXIMUM_SEGMENT_BYTES } from '../../src/contract/storage-rules';
import { transferLimits } from '../../src/runtime/archive/transfer-limits';
import { newDatabase, newScheduledBackup, newStack, Synthesized } from '../support/synth';

const SOURCES = path.resolve(__dirname, '../../src');
const MIB = 1024 * 1024;

/** The cells of a page's tables, row by row, without the heads. */
function rowsOf(page: string): string[][] {
  const lines = textOf(page).split('\n');
  return lines
    .filter((line, index) => line.startsWith('| ') && !lines[index + 1]?.startsWith('|---'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** What the page says of something. */
const said = (page: string, name: string) =>
  rowsOf(page)
    .find(([first]) => first === name)!
    .slice(1);

function everything(): Synthesized {
  const stack = newStack();
  const database = newDatabase(stack, 'Orders', { network: DatabaseNetwork.create(stack, 'Network') });
  newScheduledBackup(stack, database, {
    drill: RestoreDrill.weekly({ network: database.network }),
    storage: BackupStorage.amazonS3({
      bucket: 'company-backups',
      path: '/production',
      region: 'eu-central-1',
      credentials: StorageCredentials.fromRole(),
    }),
    publishEvents: true,
  });
  return Synthesized.of(stack);
}

describe('docs/troubleshooting.md', () => {
  const texts = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(SOURCES, name), 'utf8').replace(/['`] \+\n\s*['`]/g, ''))
    .join('\n')
    .replaceAll("\\'", "'");
  // PostgreSQL's own texts, and what Terraform and AWS say, stand as they are.
  const phrases = rowsOf('docs/troubleshooting.md')
    .map(([phrase]) => phrase)
    .filter((phrase) => !phrase.endsWith('(PostgreSQL)'))
    .flatMap((phrase) => phrase.split(';'))
    .flatMap((phrase) => phrase.replace(/\(…\)|`.*/g, '').split('…'))
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== '');

  test.each(phrases)('"%s" is what an error says', (phrase) => {
    expect(texts.toLowerCase()).toContain(phrase.toLowerCase());
  });

  test('has the steps of the documentation that it follows, in its order', () => {
    const steps = [...textOf('docs/troubleshooting.md').matchAll(/^(?:## .*|\d\. \*\*.*?\*\*)/gm)].map(
      ([step]) => step,
    );
    expect(steps.slice(0, 9)).toEqual([
      '## Backups',
      '1. **Verify the keys of the storage.**',
      '2. **Check that the bucket exists.**',
      '3. **Check the schedule.**',
      '4. **Read why the last ones failed.**',
      '## Restores',
      '1. **Check your permissions.**',
      '2. **Check that there is a completed backup.**',
      '3. **Read the log.**',
    ]);
  });
});

describe('docs/limits.md', () => {
  const LIMITS = 'docs/limits.md';

  test('has the numbers of the code', () => {
    const parts = [1024, 10_240].map((mib) => transferLimits({ processors: mib / 1769, memoryBytes: mib * MIB }));
    const [least, most] = [Math.min(4 * MIB, parts[0].partBytes), parts[1].partBytes];
    expect(said(LIMITS, 'PostgreSQL')[0]).toContain(`${OLDEST_MAJOR} to ${NEWEST_MAJOR}`);
    expect(said(LIMITS, 'objects of one backup')[0]).toBe(
      `${MAXIMUM_PART_NUMBER.toLocaleString('en')} parts of ${least / MIB} to ${most / MIB} MiB, which is ` +
        `${((MAXIMUM_PART_NUMBER * most) / 1024 ** 4).toFixed(1)} TiB stored`,
    );
    expect(said(LIMITS, 'path in the bucket')[0]).toBe(
      `keys of at most ${MAXIMUM_KEY_BYTES} bytes, segments of at most ${MAXIMUM_SEGMENT_BYTES}`,
    );
    expect(textOf('docs/restore-by-hand.md')).toContain(`a tar archive of at most ${most / MIB} MiB`);
  });

  test('has the time and the disk of the function', () => {
    const { timeout, ephemeral_storage } = everything().one('aws_lambda_function', 'BackupFunction').body;
    expect(said(LIMITS, 'time of a backup or a restore in the function')[0]).toBe(`${timeout / 60} minutes`);
    expect(said(LIMITS, '`/tmp` of the function')[0]).toContain(`${ephemeral_storage.size / 1024} GiB`);
  });
});

describe('docs/costs.md', () => {
  const COSTS = 'docs/costs.md';
  const stack = newStack();
  newScheduledBackup(stack, newDatabase(stack), { drill: RestoreDrill.weekly() });
  const synthesized = Synthesized.of(stack);

  test('has the memory and the disk of the functions', () => {
    const [backup, drill] = ['BackupFunction', 'Drill'].map((id) => synthesized.one('aws_lambda_function', id).body);
    const gib = (mib: number) => `${mib / 1024} GB`;
    expect(said(COSTS, '[Lambda](https://aws.amazon.com/lambda/pricing/)')[1]).toContain(gib(backup.memory_size));
    expect(said(COSTS, 'its `/tmp` above 512 MB')[1]).toContain(gib(backup.ephemeral_storage.size - 512));
    expect(textOf(COSTS)).toContain(
      `${gib(drill.memory_size)} of memory and ${gib(drill.ephemeral_storage.size)} of \`/tmp\``,
    );
  });

  test('has the number of alarms, and of metrics', () => {
    const alarms = synthesized.all('aws_cloudwatch_metric_alarm');
    const ofDrills = Object.keys(METRIC_UNITS).filter((name) => /Proof|Drill/.test(name));
    // Each of the backup and of the drill.
    expect([alarms.length, ofDrills.length]).toEqual([4, 3]);
    expect(textOf(COSTS)).toMatch(/two alarms and\s+three metrics 1.10 a month/);
  });

  test('calculates its example', () => {
    const rows = rowsOf(COSTS).filter((cells) => cells.length === 3 && /^(\*\*)?\d+\.\d\d(\*\*)?$/.test(cells[2]));
    const amounts = rows.map(([, , amount]) => Number(amount.replaceAll('*', '')));
    const sum = amounts.slice(0, -1).reduce((one, other) => one + other, 0);
    expect(rows.at(-1)![0]).toBe('**together**');
    expect(sum).toBeCloseTo(amounts.at(-1)!, 2);
    const products = rows.filter(([, calculation]) => /^[^/+=]* × [^/+=]*$/.test(calculation));
    expect(products.length).toBeGreaterThanOrEqual(4);
    for (const [name, calculation, amount] of products) {
      const factors = calculation.match(/\d+(\.\d+)?/g)!.map(Number);
      expect([name, factors.reduce((one, other) => one * other).toFixed(2)]).toEqual([name, amount]);
    }
  });
});

describe('docs/schedules.md', () => {
  test.each(
    rowsOf('docs/schedules.md')
      .map(([first]) => first.replaceAll('`', ''))
      .filter((first) => /^([\d*]\S* ){5}\S+$/.test(first)),
  )('%s is accepted', (expression) => {
    const stack = newStack();
    expect(() =>
      newScheduledBackup(stack, newDatabase(stack), { schedule: BackupSchedule.cron(expression) }),
    ).not.toThrow();
  });
});

describe('docs/security.md', () => {
  test('says of every command what a person needs for it', () => {
    const named = rowsOf('docs/security.md').map(([who]) => who);
    const commands = createProgram(new Session(undefined as never)).commands.map((command) => command.name());
    expect(commands.filter((command) => !named.some((row) => row.includes(`\`${command}\``)))).toEqual([]);
  });

  test('names every action that a role or a policy of the library allows', () => {
    const documents = everything()
      .resources.flatMap(({ body }) => [body.policy, ...(body.inline_policy ?? []).map((each: any) => each.policy)])
      .filter((policy): policy is string => typeof policy === 'string');
    const statements = documents.flatMap((text) => text.match(/"Action":(\[[^\]]*\]|"[^"]*")/g) ?? []);
    const actions = new Set(statements.flatMap((text) => text.match(/[a-z0-9]+:[A-Z]\w+/g) ?? []));
    const named = inlineCodeOf('docs/security.md').concat(blocksOf('docs/security.md', 'json'));
    const absent = [...actions].filter(
      (action) => !action.startsWith('ec2:') && !named.some((code) => code.includes(action)),
    );
    expect(actions.size).toBeGreaterThan(4);
    expect(absent).toEqual([]);
  });
});

test('docs/testing-backups.md has the locales and the disk of a drill', () => {
  const page = textOf('docs/testing-backups.md').replace(/\s+/g, ' ');
  expect(LOCALES.filter((locale) => !page.includes(locale))).toEqual([]);
  const [fixed, more] = [0, 1000 * MIB].map(drillDiskBytes);
  const share = (more - fixed) / (1000 * MIB);
  expect(page).toContain(`needs ${share} times the size of the databases and ${Math.round(fixed / 1e8) * 100} MB`);
});

test('README.md names the versions of PostgreSQL', () => {
  expect(textOf('README.md')).toContain(`versions ${OLDEST_MAJOR} to ${NEWEST_MAJOR}`);
});

import { Command, Option } from 'commander';
import { describeOwner } from '../../contract/owner';
import { BackupSummary, ListAnswer } from '../../contract/requests';
import { readTime } from '../options/backup-options';
import { addAll, addSourceOptions, openDatabaseSource, Source } from '../options/source-options';
import { wholeNumber } from '../options/usage';
import { durationText, sizeText, timeText } from '../output/format';
import { Keeping, keepingOf } from '../output/kept-until';
import { CellStyle, tableLines } from '../output/table';
import { Session } from '../session';

interface ListOptions {
  readonly state?: BackupSummary['state'];
  readonly since?: string;
  readonly limit?: number;
}

/** A backup of the list; with a deployed schedule, also until when it is kept. */
type ListedBackup = BackupSummary & Partial<Keeping>;

export function addList(program: Command, session: Session): void {
  const command = program
    .command('list')
    .description('list the backups of a database, newest first')
    .action(async () => {
      const source = await openDatabaseSource(command, session);
      const { owner, backups } = await listAll(source);
      const keeping = source.schedule && keepingOf(backups, source.schedule.request.retentionDays);
      const listed = filtered(backups, command.opts<ListOptions>()).map((backup) => ({
        ...backup,
        ...keeping?.get(backup.backup),
      }));
      const style: CellStyle = (text, column) => (column === STATUS ? session.terminal.state(text) : text);
      session.show({
        answer: { owner, backups: listed },
        lines:
          backups.length === 0
            ? [`No backups of database ${source.database}.`]
            : listLines(owner === undefined ? `database ${source.database}` : describeOwner(owner), listed, style),
      });
    });
  addAll(command.optionsGroup('Which backups:'), [
    new Option('--state <state>', 'only backups in this state').choices(['Running', 'Completed', 'Failed']),
    new Option('--since <time>', 'only backups started at or after a UTC time such as 2026-11-22T03:00:00Z').argParser(
      readTime,
    ),
    new Option('--limit <number>', 'only the newest so many').argParser(wholeNumber('--limit', 1, 1_000_000)),
  ]);
  addSourceOptions(command);
}

/** All pages in one answer. */
export async function listAll({
  storage,
  database,
  runner,
}: Pick<Source, 'storage' | 'runner'> & { readonly database: string }): Promise<Omit<ListAnswer, 'next'>> {
  const backups: BackupSummary[] = [];
  let before: string | undefined;
  for (;;) {
    const page = await runner.run({ action: 'list', storage, database, before, proofs: true });
    backups.push(...page.backups);
    if (page.next === undefined) {
      return { owner: page.owner, backups };
    }
    before = page.next;
  }
}

/** The backup of the last drill. */
export function lastDrilled(backups: readonly BackupSummary[]): BackupSummary | undefined {
  const time = ({ proof }: BackupSummary) => Date.parse(proof!.endedAt);
  return backups.filter(({ proof }) => proof !== undefined).sort((one, other) => time(other) - time(one))[0];
}

function filtered(backups: readonly BackupSummary[], { state, since, limit }: ListOptions): readonly BackupSummary[] {
  return backups
    .filter((backup) => state === undefined || backup.state === state)
    .filter((backup) => since === undefined || Date.parse(backup.startedAt) >= Date.parse(since))
    .slice(0, limit);
}

const HEAD = [
  ...['backup', 'created (UTC)', 'status', 'duration', 'stored', 'database', 'server'],
  ...['kept until (UTC)', 'proved (UTC)', 'reason'],
];
const STATUS = HEAD.indexOf('status');

function listLines(title: string, backups: readonly ListedBackup[], style: CellStyle): string[] {
  return backups.length === 0
    ? [`No such backups of ${title}.`]
    : [`Backups of ${title}:`, '', ...tableLines([HEAD, ...backups.map(rowOf)], style)];
}

function rowOf(backup: ListedBackup): string[] {
  const { startedAt, endedAt, storedBytes, databaseBytes } = backup;
  return [
    backup.backup,
    timeText(startedAt),
    backup.state,
    endedAt === undefined ? '' : durationText(Date.parse(endedAt) - Date.parse(startedAt)),
    storedBytes === undefined ? '' : sizeText(storedBytes),
    databaseBytes === undefined ? '' : sizeText(databaseBytes),
    backup.serverVersion ?? '',
    keptUntilText(backup),
    provedText(backup),
    backup.reason ?? backup.proof?.reason ?? '',
  ];
}

function provedText({ proof }: ListedBackup): string {
  if (proof === undefined) return '';
  return proof.state === 'Proved' ? timeText(proof.endedAt) : 'DISPROVED';
}

function keptUntilText({ keptUntil, isNewest }: Partial<Keeping>): string {
  return keptUntil === undefined ? '' : isNewest ? 'always, as the newest' : timeText(keptUntil);
}

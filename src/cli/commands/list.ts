import { Command } from 'commander';
import { describeOwner } from '../../contract/owner';
import { BackupSummary, ListAnswer } from '../../contract/requests';
import { addSourceOptions, openDatabaseSource, Source } from '../options/source-options';
import { durationText, sizeText, timeText } from '../output/format';
import { tableLines } from '../output/table';
import { Session } from '../session';

export function addList(program: Command, session: Session): void {
  const command = program
    .command('list')
    .description('list the backups of a database, newest first')
    .action(async () => {
      const source = await openDatabaseSource(command, session);
      const answer = await listAll(source);
      const style = (text: string, column: number) => (column === STATE ? session.terminal.state(text) : text);
      session.show({ answer, lines: listLines(answer, source.database, style) });
    });
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
    const page = await runner.run({ action: 'list', storage, database, before });
    backups.push(...page.backups);
    if (page.next === undefined) {
      return { owner: page.owner, backups };
    }
    before = page.next;
  }
}

const HEAD = ['backup', 'state', 'started (UTC)', 'took', 'stored', 'database', 'server', 'reason'];
const STATE = HEAD.indexOf('state');

export function listLines(
  { owner, backups }: ListAnswer,
  database: string,
  style?: (text: string, column: number) => string,
): string[] {
  if (backups.length === 0) {
    return [`No backups of database ${database}.`];
  }
  const title = owner === undefined ? `Backups of database ${database}` : `Backups of ${describeOwner(owner)}`;
  return [`${title}:`, '', ...tableLines([HEAD, ...backups.map(rowOf)], style)];
}

function rowOf(backup: BackupSummary): string[] {
  const { startedAt, endedAt, storedBytes, databaseBytes } = backup;
  return [
    backup.backup,
    backup.state,
    timeText(startedAt),
    endedAt === undefined ? '' : durationText(Date.parse(endedAt) - Date.parse(startedAt)),
    storedBytes === undefined ? '' : sizeText(storedBytes),
    databaseBytes === undefined ? '' : sizeText(databaseBytes),
    backup.serverVersion ?? '',
    backup.reason ?? '',
  ];
}

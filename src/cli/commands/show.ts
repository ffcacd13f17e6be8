import { Command } from 'commander';
import { describeOwner } from '../../contract/owner';
import { ShowAnswer } from '../../contract/requests';
import { readBackupId } from '../options/backup-options';
import { addSourceOptions, openDatabaseSource } from '../options/source-options';
import { durationText, sizeText, timeText } from '../output/format';
import { proofText } from '../output/proof-lines';
import { remarkLines } from '../output/remark-lines';
import { fieldLines, tableLines } from '../output/table';
import { Session } from '../session';

export function addShow(program: Command, session: Session): void {
  const command = program
    .command('show <backup>')
    .description('describe one backup: its contents and how it was made')
    .action(async (id: string) => {
      const backup = readBackupId(id);
      const { storage, database, runner } = await openDatabaseSource(command, session);
      const manifest = await runner.run({ action: 'show', storage, database, backup });
      session.show({ answer: manifest, lines: manifestLines(manifest) });
    });
  addSourceOptions(command);
}

function manifestLines(manifest: ShowAnswer): string[] {
  const { backup, owner, startedAt, endedAt, engine, parts, files, plan } = manifest;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return [
    `Backup ${backup} of ${describeOwner(owner)}`,
    '',
    ...fieldLines([
      ['started (UTC)', timeText(startedAt)],
      ['took', durationText(Date.parse(endedAt) - Date.parse(startedAt))],
      ['server', `PostgreSQL ${engine.serverVersion}, dumped by pg_dump ${engine.clientVersion}`],
      ['plan', `${plan.name}: ${plan.vcpu} vCPU, ${plan.memoryGib} GiB of memory, ${plan.storageGib} GiB of storage`],
      ['stored', `${sizeText(sum(parts.map(({ size }) => size)))} in ${parts.length} parts, ${files.length} files`],
      ['roles', manifest.roles.map(({ name }) => name).join(', ') || undefined],
      ['backup before', manifest.previous],
      ['drill', manifest.proof === undefined ? 'none' : proofText(manifest.proof)],
      ['made by version', manifest.libraryVersion],
    ]),
    ...remarkLines(manifest.remarks),
    '',
    ...tableLines([
      ['database', 'size', 'tables', 'rows', 'large objects', 'extensions'],
      ...manifest.databases.map((database) => [
        database.name,
        sizeText(database.sizeBytes),
        String(database.tables.length),
        String(sum(database.tables.map(({ rows }) => rows))),
        String(database.largeObjects),
        database.extensions.map(({ name, version }) => `${name} ${version}`).join(', '),
      ]),
    ]),
  ];
}

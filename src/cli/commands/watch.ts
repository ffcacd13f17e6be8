import { Command } from 'commander';
import { WatchAnswer } from '../../contract/requests';
import { addSourceOptions, openDatabaseSource } from '../options/source-options';
import { durationText } from '../output/format';
import { Session } from '../session';

export function addWatch(program: Command, session: Session): void {
  const command = program
    .command('watch')
    .description('show the age of the newest completed backup')
    .action(async () => {
      const { storage, database, runner, schedule } = await openDatabaseSource(command, session);
      const { since, drillsSince } = schedule?.watchRequest ?? {};
      const answer = await runner.run({ action: 'watch', storage, database, since, drillsSince });
      session.show({ answer, lines: [watchLine(answer, database), ...proofLine(answer)] });
    });
  addSourceOptions(command);
}

function proofLine({ proofAgeSeconds }: WatchAnswer): string[] {
  if (proofAgeSeconds === undefined) return [];
  return [
    `The newest proof of a backup, or the schedule of the drills, is ${durationText(proofAgeSeconds * 1000)} old.`,
  ];
}

function watchLine({ newest, ageSeconds }: WatchAnswer, database: string): string {
  const age = ageSeconds === undefined ? '' : durationText(ageSeconds * 1000);
  if (newest !== undefined) {
    return `The newest completed backup of ${database}, ${newest}, was completed ${age} ago.`;
  }
  return `There is no completed backup of ${database}${age && `, ${age} after its connection test passed`}.`;
}

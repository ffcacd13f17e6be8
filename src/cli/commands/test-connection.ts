import { Command, Option } from 'commander';
import { endpointOf } from '../../contract/storage-settings';
import { addSourceOptions, openSource } from '../options/source-options';
import { describeVerdict } from '../output/verdict';
import { Session } from '../session';

export function addTestConnection(program: Command, session: Session): void {
  const command = program
    .command('test-connection')
    .description('test a storage: PUT, GET, compare and DELETE a temporary object')
    .action(async () => {
      const { storage, database, runner, remote } = await openSource(command, session);
      const { log } = session.terminal;
      if (remote) {
        log.info('connection-test', { state: 'Testing', ...storage, endpoint: endpointOf(storage) });
      }
      const verdict = await runner.run({ action: 'test-connection', storage, database });
      session.show({ answer: verdict, lines: session.terminal.layOut(describeVerdict(verdict)) });
    });
  addSourceOptions(command, {
    database: new Option('--database <identifier>', 'test the folder of this database, and who owns it'),
  });
}

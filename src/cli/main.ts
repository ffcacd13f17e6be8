import { Terminal } from './output/terminal';
import { run } from './program';
import { Session } from './session';

const args = process.argv.slice(2);
// Whoever reads may stop reading.
process.stdout.on('error', () => undefined);
void run(args, new Session(new Terminal(args.includes('--json')))).then((code) => {
  process.exitCode = code;
});

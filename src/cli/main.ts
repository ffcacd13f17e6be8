import { Terminal } from './output/terminal';
import { run } from './program';
import { Session } from './session';
import { keepHeapSmall } from '../runtime/small-heap';

keepHeapSmall();
const args = process.argv.slice(2);
// The reader of a pipe may close it early.
process.stdout.on('error', () => undefined);
void run(args, new Session(new Terminal(args.includes('--json')))).then((code) => {
  process.exitCode = code;
});

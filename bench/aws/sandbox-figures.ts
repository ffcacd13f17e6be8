import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { BrokenRequest, brokenRequests } from './broken-requests';
import { RDS_RULES } from '../../sandbox/aws/rds-rules';
import { MotoProgram } from '../../sandbox/moto';
import { Quickstart } from '../../sandbox/quickstart';
import { Sandbox } from '../../sandbox/sandbox';
import { Terminal } from '../../sandbox/terminal';
import { atLeast, exactly, Figure } from '../figures';

const ROOT = path.resolve(__dirname, '..', '..');

/**
 * How true to AWS the sandbox is: what of a quickstart's calls it compared with AWS's own models, whether it refuses
 * what is against them, and how many rules of RDS it keeps.
 */
export async function sandboxFigures(progress: (line: string) => void): Promise<Figure[]> {
  const sandbox = await Sandbox.start({ onProgress: progress });
  try {
    await new Quickstart(sandbox, new Terminal(process.stderr)).run();
    const { seen } = sandbox.modelCheck;
    const against = seen.flatMap(({ violations }) => violations);
    progress(`breaking the constraints of ${seen.length} operations`);
    const { broken, refused } = await breakConstraints(sandbox, progress);
    return [
      atLeast('operations-checked', seen.length, 60),
      atLeast('constraints-broken', broken, seen.length),
      exactly('constraints-broken-and-refused', refused / broken, 1),
      exactly('calls-against-model', against.length, 0),
      atLeast('rds-rules', RDS_RULES.length, 20),
    ];
  } finally {
    await sandbox.stop();
  }
}

async function breakConstraints(
  sandbox: Sandbox,
  progress: (line: string) => void,
): Promise<{ broken: number; refused: number }> {
  const program = await MotoProgram.locate(path.join(ROOT, '.cache'));
  const requests = sandbox.modelCheck.seen.flatMap((seen) => brokenRequests(program.models.find(seen.service)!, seen));
  const answers = await sendAll(program.python, sandbox.endpoint, requests);
  const passed = requests.filter(({ says }, index) => !answers[index].message.includes(says));
  for (const request of passed) {
    const { status, message } = answers[requests.indexOf(request)];
    const { service, operation, kind, says } = request;
    progress(`  not refused: ${service} ${operation} ${kind}, "${says}": answered ${status} ${message.slice(0, 300)}`);
  }
  return { broken: requests.length, refused: requests.length - passed.length };
}

async function sendAll(
  python: string,
  endpoint: string,
  requests: readonly BrokenRequest[],
): Promise<{ status: number; message: string }[]> {
  const child = spawn(python, [path.join(__dirname, 'send-requests.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify({ endpoint, requests: requests.map(withoutLargeTexts) }));
  return JSON.parse(await text(child.stdout));
}

/** The program of a function travels as text of megabytes, and is of no use here. */
function withoutLargeTexts({ service, operation, input }: BrokenRequest): object {
  const content = JSON.stringify(input, (_name, value) =>
    typeof value === 'string' && value.length > 250_000 ? undefined : value,
  );
  return { service, operation, input: JSON.parse(content) };
}

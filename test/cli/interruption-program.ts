import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Interruption } from '../../src/cli/interruption';

/** Acts as an action: runs a client with a worker, or none, and records how it ended. */
async function runAction(withClient: boolean, file: string): Promise<void> {
  const print = (line: string) => console.log(line);
  const interruption = new Interruption(print, () => writeFileSync(file, 'files removed'));
  if (!withClient) {
    setInterval(() => undefined, 1000);
    print('busy');
    return;
  }
  const client = spawn('sh', ['-c', 'sleep 300 & echo busy; wait'], { detached: true, stdio: 'pipe' });
  client.stdout.on('data', (text: Buffer) => print(text.toString().trim()));
  const [, signal] = await once(client, 'close');
  interruption.end();
  writeFileSync(file, `the client ended by ${signal}`);
}

void runAction(process.argv[2] === 'client', process.argv[3]);

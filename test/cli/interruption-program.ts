import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Interruption } from '../../src/cli/interruption';

/** Stands for an action: runs a client with a worker, or none, and writes down how it ended. */
async function act(withClient: boolean, file: string): Promise<void> {
  const say = (line: string) => console.log(line);
  const interruption = new Interruption(say, () => writeFileSync(file, 'cleared up'));
  if (!withClient) {
    setInterval(() => undefined, 1000);
    say('busy');
    return;
  }
  const client = spawn('sh', ['-c', 'sleep 300 & echo busy; wait'], { detached: true, stdio: 'pipe' });
  client.stdout.on('data', (text: Buffer) => say(text.toString().trim()));
  const [, signal] = await once(client, 'close');
  interruption.end();
  writeFileSync(file, `the client ended by ${signal}`);
}

void act(process.argv[2] === 'client', process.argv[3]);

import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interruption } from '../../src/cli/interruption';
import { withinDeadline } from '../../src/runtime/deadline';
import { runClient } from '../../src/runtime/postgres/tools';

/** Stands for an action that writes and runs a client with a worker, or for one that only reads. */
async function act(writes: boolean, file: string): Promise<void> {
  const interruption = new Interruption(
    writes,
    (line) => console.log(line),
    () => writeFileSync(file, 'files removed'),
  );
  if (!writes) {
    setInterval(() => undefined, 1000);
    console.log('busy');
    return;
  }
  const client = `${file}-client`;
  writeFileSync(client, '#!/bin/sh\ntouch "$0-started"\nsleep 10000 &\nwait\n', { mode: 0o755 });
  const run = withinDeadline(
    { remainingMs: () => Infinity, interruption: interruption.signal },
    'BackupFailed',
    (signal) => runClient('pg_dump', [], { file: client, workDirectory: dirname(file), signal }),
  ).catch((error: Error) => writeFileSync(file, `${error.name}: ${error.message}`));
  while (!existsSync(`${client}-started`)) await sleep(10);
  console.log('busy');
  await run;
  interruption.end();
}

void act(process.argv[2] === 'writes', process.argv[3]);

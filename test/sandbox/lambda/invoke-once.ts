import * as fs from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { CodeStore } from '../../../sandbox/lambda/code';
import { ExecutionEnvironment } from '../../../sandbox/lambda/execution-environment';
import { DirectoryIsolation, Isolation, isolationIn } from '../../../sandbox/lambda/isolation';

/**
 * `invoke-once strictest|directory DIRECTORY`: runs a function once and prints, as JSON, how it was isolated and what
 * it answered. A program of its own, so that a test can start it from another directory and as another user.
 */
async function main(means: string, directory: string): Promise<void> {
  const isolation = means === 'directory' ? new DirectoryIsolation() : isolationIn(directory, []);
  try {
    const answer = await invokeOnce(isolation, directory);
    process.stdout.write(JSON.stringify({ isolation: isolation.kind, answer }));
  } finally {
    isolation.close();
  }
}

const HANDLER = `exports.handler = async () =>
  [require('child_process').execSync('greet').toString(), process.cwd(), process.getuid()];`;

async function invokeOnce(isolation: Isolation, directory: string): Promise<unknown> {
  const code = await new CodeStore(isolation.codeDirectory).unpack({
    zip: await zipOf('index.js', HANDLER, 0o100644),
    layers: [await zipOf('bin/greet', '#!/bin/sh\necho hello\n', 0o100755)],
  });
  const environment = await ExecutionEnvironment.start({
    isolation,
    code,
    configuration: {
      functionName: 'tried',
      version: '1',
      functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:tried:1',
      handler: 'index.handler',
      memoryMiB: 256,
      timeoutSeconds: 30,
      ephemeralStorageMiB: 512,
      environment: {},
    },
    region: 'eu-west-1',
    environment: {},
    clockOffsetMs: 0,
    outputFile: `${directory}/output`,
  });
  try {
    const { payload, log } = await environment.invoke('the-id', '{}');
    const answer = JSON.parse(payload);
    return Array.isArray(answer) ? answer.map((value) => (value === code.task ? '/var/task' : value)) : { answer, log };
  } finally {
    await environment.end();
    fs.rmSync(code.task, { recursive: true });
  }
}

async function zipOf(name: string, content: string, mode: number): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(content), name, { mode });
  zip.end();
  return buffer(zip.outputStream);
}

const [means, directory] = process.argv.slice(2);
main(means, directory).catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});

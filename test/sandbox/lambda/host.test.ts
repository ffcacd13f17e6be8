import { once } from 'node:events';
import * as fs from 'node:fs';
import * as http from 'node:http';
import { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { ZipFile } from 'yazl';
import { InvocationResult, LambdaCode, LambdaConfiguration, LambdaHost } from '../../../sandbox/lambda/host';

const CERTIFICATE = 'a certificate';
const DAY_MS = 24 * 60 * 60 * 1000;

let directory: string;
let certificateFile: string;
let clockOffsetMs = 0;
let host: LambdaHost;

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'lambda-host-'));
  certificateFile = path.join(directory, 'ca.pem');
  fs.writeFileSync(certificateFile, CERTIFICATE);
  host = hostIn(path.join(directory, 'shared'));
});

afterEach(() => {
  clockOffsetMs = 0;
});

afterAll(async () => {
  await host.close();
  fs.rmSync(directory, { recursive: true });
});

describe('an invocation', () => {
  it('hands over the payload and brings back the answer and what was written', async () => {
    const result = await run("async (event) => { console.log('seen', event.a); return { got: event } }", { a: 'ü€' });

    expect(result).toMatchObject({ status: 'ok', payload: '{"got":{"a":"ü€"}}' });
    expect(result.functionError).toBeUndefined();
    expect(result.log).toMatch(/^START RequestId: \S+ Version: 1\n\S+\t\S+\tINFO\tseen ü€\nEND RequestId: .*\nREPORT /);
    expect(fs.readFileSync(path.join(directory, 'shared/logs/tried.log'), 'utf8')).toContain(result.log);
    expect(result.maxMemoryMiB).toBeGreaterThan(10);
  });

  it('gives the context of Lambda', async () => {
    const code = await codeOf(
      'async (event, c) => ({ ...c, remaining: c.getRemainingTimeInMillis(), callbackWaitsForEmptyEventLoop: undefined })',
    );

    const { payload } = await host.invoke(code, configured(), '{}', { requestId: 'the-id' });

    const { remaining, ...context } = JSON.parse(payload);
    expect(context).toEqual({
      awsRequestId: 'the-id',
      functionName: 'tried',
      functionVersion: '1',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:tried:1',
      logGroupName: '/aws/lambda/tried',
      logStreamName: '[1]',
      memoryLimitInMB: '256',
    });
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(30_000);
  });

  it('takes a handler that calls back, and one that is an ES module', async () => {
    const calling = await run('(event, context, callback) => { setTimeout(() => callback(null, 7), 1) }');
    const code = {
      zip: await zipOf({ 'index.mjs': 'export const handler = async () => import.meta.url;' }),
      layers: [],
    };
    const module = await host.invoke(code, configured(), '{}');

    expect(calling.payload).toBe('7');
    expect(module.payload).toMatch(/index\.mjs"$/);
  });

  it('reaches a server on the loopback', async () => {
    const server = http.createServer((_request, response) => response.end('reached')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    const result = await run('async ({ port }) => (await fetch(`http://127.0.0.1:${port}`)).text()', { port });
    server.closeAllConnections();
    server.close();

    expect(result.payload).toBe('"reached"');
  });
});

describe('what a program sees', () => {
  it('only the variables that Lambda, the host and the function give it', async () => {
    process.env.A_SECRET_OF_THE_CALLER = 'secret';

    const result = await run('async () => process.env', {}, { environment: { OWN: 'own' } });

    const { PWD, SHLVL, _, ...seen } = JSON.parse(result.payload);
    expect(Object.keys(seen).sort()).toEqual([
      ...['AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL', 'AWS_EXECUTION_ENV', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
      ...['AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_VERSION', 'AWS_LAMBDA_INITIALIZATION_TYPE'],
      ...['AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_LAMBDA_RUNTIME_API', 'AWS_REGION'],
      ...['LAMBDA_RUNTIME_DIR', 'LAMBDA_TASK_ROOT', 'LANG', 'LD_LIBRARY_PATH', 'NODE_PATH', 'OWN', 'PATH', 'TZ'],
      ...['_HANDLER', '_X_AMZN_TRACE_ID'],
    ]);
    expect(seen).toMatchObject({
      OWN: 'own',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_REGION: 'eu-west-1',
      LAMBDA_TASK_ROOT: '/var/task',
      PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    });
    delete process.env.A_SECRET_OF_THE_CALLER;
  });

  it('no file of this repository, nothing of the machine but what Lambda has', async () => {
    expect(host.isolation).toBe('namespace');

    const result = await run(
      `async ({ repository, directory }) => {
        const fs = require('fs');
        return {
          seen: [repository, directory + '/shared', '/root', '/home'].filter(fs.existsSync),
          root: fs.readdirSync('/'),
          dev: fs.readdirSync('/dev'),
        };
      }`,
      { repository: __dirname, directory },
    );

    const { seen, root, dev } = JSON.parse(result.payload);
    expect(seen).toEqual([]);
    // As there, no /dev/shm: shared memory is not to be had.
    expect(dev).toEqual(['full', 'null', 'random', 'urandom', 'zero']);
    expect(root).toEqual(['bin', 'dev', 'etc', 'lib', 'lib64', 'mnt', 'opt', 'proc', 'tmp', 'usr', 'var']);
  });

  it('no database client of the machine, and the one of a layer through PATH', async () => {
    const handler = `async () => {
      const { spawnSync } = require('child_process');
      return ['psql', 'pg_dump', 'pg_restore'].map((tool) => spawnSync(tool).error?.code ?? String(spawnSync(tool).stdout));
    }`;
    const layer = await zipOf({ 'bin/pg_dump': '#!/bin/sh\necho "of the layer in $(dirname "$0")"\n' }, 0o755);

    const without = await run(handler);
    const withLayer = await host.invoke({ ...(await codeOf(handler)), layers: [layer] }, configured(), '{}');

    expect(JSON.parse(without.payload)).toEqual(['ENOENT', 'ENOENT', 'ENOENT']);
    expect(JSON.parse(withLayer.payload)).toEqual(['ENOENT', 'of the layer in /opt/bin\n', 'ENOENT']);
  });

  it('a later layer over an earlier one, modules of a layer, symbolic links', async () => {
    const code = {
      ...(await codeOf(
        "async () => [require('shared'), require('fs').readFileSync('/opt/link', 'utf8'), require('fs').readlinkSync('/opt/link')]",
      )),
      layers: [
        await zipOf({ 'nodejs/node_modules/shared/index.js': 'module.exports = 1', text: 'linked' }),
        await zipOf({ 'nodejs/node_modules/shared/index.js': 'module.exports = 2', link: 'text' }, 0o644, ['link']),
      ],
    };

    expect(JSON.parse((await host.invoke(code, configured(), '{}')).payload)).toEqual([2, 'linked', 'text']);
  });

  it('the files that the host shows, at their own path, unchangeable', async () => {
    const result = await run(
      "async ({ file }) => [require('fs').readFileSync(file, 'utf8'), (() => { try { require('fs').writeFileSync(file, 'x') } catch (e) { return e.code } })()]",
      { file: certificateFile },
    );

    expect(JSON.parse(result.payload)).toEqual([CERTIFICATE, 'EROFS']);
  });

  it('code and layers that it cannot change, without any privilege', async () => {
    const result = await run(`async () => {
      const fs = require('fs');
      const attempt = (file) => { try { fs.writeFileSync(file, 'x'); return 'written' } catch (error) { return error.code } };
      const status = fs.readFileSync('/proc/self/status', 'utf8');
      return {
        files: ['/var/task/x', '/var/task/index.js', '/opt/x', '/x', '/usr/bin/x', '/etc/hosts', '/tmp/x'].map(attempt),
        uid: process.getuid(),
        capabilities: /CapEff:\\t(.*)/.exec(status)[1],
        noNewPrivileges: /NoNewPrivs:\\t(.*)/.exec(status)[1],
        isInit: process.pid === 1,
      };
    }`);

    expect(JSON.parse(result.payload)).toEqual({
      files: [...Array(6).fill('EROFS'), 'written'],
      uid: 993,
      capabilities: '0000000000000000',
      noNewPrivileges: '1',
      isInit: false,
    });
  });

  it('a clock set ahead, and no trace of who did that', async () => {
    clockOffsetMs = 10 * DAY_MS;

    const before = Date.now();
    const result = await run(`async (event, context) => ({
      times: [Date.now(), new Date().getTime(), Date.parse(Date()), new Date().constructor.now()],
      given: new Date(5).getTime(), utc: Date.UTC(1970, 0, 1), isDate: new Date() instanceof Date,
      remaining: context.getRemainingTimeInMillis(), argv: process.argv,
    })`);
    const after = Date.now();

    const seen = JSON.parse(result.payload);
    for (const time of seen.times) {
      expect(time).toBeGreaterThanOrEqual(before + clockOffsetMs - 1000);
      expect(time).toBeLessThanOrEqual(after + clockOffsetMs);
    }
    expect(seen).toMatchObject({ given: 5, utc: 0, isDate: true });
    expect(seen.remaining).toBeGreaterThan(0);
    expect(seen.remaining).toBeLessThanOrEqual(30_000);
    expect(seen.argv).toEqual(['/var/lang/bin/node', '/var/runtime/bootstrap.cjs']);
  });
});

describe('what a program is held to', () => {
  it('fails at the end of /tmp', async () => {
    const handler = `async ({ mebibytes }) => {
      require('fs').writeFileSync('/tmp/file', Buffer.alloc(mebibytes * 1024 * 1024));
    }`;

    const fitting = await run(handler, { mebibytes: 15 }, { ephemeralStorageMiB: 16 });
    const overflowing = await run(handler, { mebibytes: 17 }, { ephemeralStorageMiB: 16 });

    expect(fitting.status).toBe('ok');
    expect(JSON.parse(overflowing.payload).errorMessage).toBe('ENOSPC: no space left on device, write');
  });

  it('fails at its timeout, with all its children', async () => {
    const marker = aMarker();
    const code = await codeOf(`() => new Promise(() => {
      require('child_process').spawn('sleep', ['${marker}'], { detached: true });
      setInterval(() => {}, 1000);
    })`);

    const result = await host.invoke(code, configured({ timeoutSeconds: 1 }), '{}', { requestId: 'the-id' });

    expect(result).toMatchObject({ status: 'error', functionError: 'Unhandled' });
    expect(JSON.parse(result.payload)).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'RequestId: the-id Error: Task timed out after 1.00 seconds',
    });
    expect(result.log).toContain('the-id Task timed out after 1.00 seconds\n');
    expect(result.durationMs).toBeGreaterThanOrEqual(999);
    expect(processesWith(marker)).toEqual([]);
  });

  it.each([
    [
      'its own',
      'async () => { globalThis.held = Buffer.alloc(300 * 1024 * 1024, 1); await new Promise((r) => setTimeout(r, 20_000)) }',
    ],
    [
      'a child',
      "async () => { require('child_process').execSync('head -c 300M /dev/zero | tail -c 299M | sleep 20') }",
    ],
  ])('fails above its memory: %s', async (_whose, handler) => {
    const code = await codeOf(handler);

    const result = await host.invoke(code, configured({ memoryMiB: 128 }), '{}', { requestId: 'the-id' });

    expect(JSON.parse(result.payload)).toEqual({
      errorType: 'Runtime.OutOfMemory',
      errorMessage: 'RequestId: the-id Error: Runtime exited with error: signal: killed',
    });
    expect(result.maxMemoryMiB).toBeGreaterThan(128);
  });

  it('does not count files in /tmp as memory, and sizes the heap of node by its memory', async () => {
    const result = await run(
      `async () => {
        require('fs').writeFileSync('/tmp/file', Buffer.alloc(1));
        for (let i = 0; i < 200; i++) require('fs').appendFileSync('/tmp/file', Buffer.alloc(1024 * 1024));
        await new Promise((resolve) => setTimeout(resolve, 200));
        return [require('fs').statSync('/tmp/file').size, process.execArgv.filter((argument) => argument.includes('old-space'))];
      }`,
      {},
      { memoryMiB: 128 },
    );

    expect(JSON.parse(result.payload)).toEqual([200 * 1024 * 1024 + 1, ['--max-old-space-size=116']]);
  });

  it('fails above the answer that Lambda carries', async () => {
    const fitting = await run("async () => 'x'.repeat(6291556 - 2)");
    const larger = await run("async () => 'x'.repeat(6291556 - 1)");

    expect(fitting.status).toBe('ok');
    expect(JSON.parse(larger.payload)).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
  });

  it('fails above the request that Lambda carries, and for one that is not JSON', async () => {
    await expect(run('async () => 1', 'x'.repeat(6_291_455))).rejects.toMatchObject({
      name: 'RequestTooLargeException',
    });
    await expect(host.invoke(await codeOf('async () => 1'), configured(), '{')).rejects.toMatchObject({
      name: 'InvalidRequestContentException',
    });
  });

  it('fails above the code that Lambda takes, layers included', async () => {
    const zip = await zipOf({ 'index.js': 'exports.handler = async () => 1' });
    const layer = await zipOf({ small: 'x' });
    layer.writeUInt32LE(262_144_000, layer.indexOf(Buffer.from('PK\x01\x02')) + 24);

    await expect(host.invoke({ zip, layers: [layer] }, configured(), '{}')).rejects.toThrow(
      'Unzipped size must be smaller than 262144000 bytes, code and layers hold 262144031',
    );
  });

  it('fails to read a file that its zip shows to nobody else', async () => {
    const code = { zip: await zipOf({ 'index.js': 'exports.handler = async () => 1' }, 0o600), layers: [] };

    const result = await host.invoke(code, configured(), '{}');

    // Without root, host and program are the same user to the machine.
    expect(result.status).toBe(process.getuid!() === 0 ? 'error' : 'ok');
  });
});

describe('how a program fails', () => {
  it('by an error: name, message and stack', async () => {
    const result = await run("async () => { const e = new TypeError('wrong'); e.stack = 'line 1\\nline 2'; throw e }");

    expect(result).toMatchObject({ status: 'error', functionError: 'Unhandled' });
    expect(JSON.parse(result.payload)).toEqual({
      errorType: 'TypeError',
      errorMessage: 'wrong',
      trace: ['line 1', 'line 2'],
    });
    expect(result.log).toContain('\tERROR\tInvoke Error\t{"errorType":"TypeError","errorMessage":"wrong"');
  });

  it('by an error whose stack is empty, and by one without a stack, whose message is lost', async () => {
    const empty = await run("async () => { const e = new Error('wrong'); e.stack = ''; throw e }");
    const without = await run(
      "async () => { const e = new Error('wrong'); delete e.stack; e.stack = undefined; throw e }",
    );

    expect(JSON.parse(empty.payload)).toEqual({ errorType: 'Error', errorMessage: 'wrong', trace: [''] });
    expect(JSON.parse(without.payload)).toMatchObject({ errorType: 'handled' });
  });

  it('by an end of its process', async () => {
    const quiet = await run('async () => process.exit(0)');
    const loud = await run("async () => { console.log('last words'); process.exit(3) }");
    const aborted = await run('async () => process.abort()');

    expect(JSON.parse(quiet.payload)).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Runtime exited without providing a reason$/),
    });
    expect(JSON.parse(loud.payload).errorMessage).toMatch(/Error: Runtime exited with error: exit status 3$/);
    expect(loud.log).toContain('last words');
    expect(JSON.parse(aborted.payload).errorMessage).toMatch(/Error: Runtime exited with error: signal: aborted$/);
  });

  it('by an error that nobody catches', async () => {
    const thrown = await run(
      "() => { setImmediate(() => { throw new RangeError('late') }); return new Promise(() => {}) }",
    );
    const rejected = await run("() => { Promise.reject(new Error('late')); return new Promise(() => {}) }");

    expect(JSON.parse(thrown.payload)).toMatchObject({ errorType: 'RangeError', errorMessage: 'late' });
    expect(JSON.parse(rejected.payload)).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'Error: late',
    });
  });

  it.each([
    ['a module that is absent', "require('absent')", 'Runtime.ImportModuleError'],
    ['code that does not parse', 'exports.handler = async (', 'Runtime.UserCodeSyntaxError'],
    ['a handler that is absent', 'exports.other = 1', 'Runtime.HandlerNotFound'],
    ['an error while loading', "throw new RangeError('at once')", 'RangeError'],
  ])('before it can begin: %s', async (_what, source, errorType) => {
    const code = { zip: await zipOf({ 'index.js': source }), layers: [] };

    expect(JSON.parse((await host.invoke(code, configured(), '{}')).payload)).toMatchObject({ errorType });
  });
});

describe('the process of a function', () => {
  const COUNTING = 'async () => { globalThis.count = (globalThis.count ?? 0) + 1; return globalThis.count }';

  it('serves one invocation after another, each with its own log', async () => {
    const code = await codeOf(`async ({ n }) => { console.log('log of', n); return (${COUNTING})() }`);

    const results = [];
    for (const n of [1, 2, 3]) results.push(await host.invoke(code, configured(), JSON.stringify({ n })));

    expect(results.map(({ payload }) => payload)).toEqual(['1', '2', '3']);
    expect(results.map(({ log }) => log.match(/log of \d/g))).toEqual([['log of 1'], ['log of 2'], ['log of 3']]);
  });

  it('serves one invocation at a time', async () => {
    const code = await codeOf(
      `async () => { await new Promise((resolve) => setTimeout(resolve, 100)); return (${COUNTING})() }`,
    );

    const results = await Promise.all([1, 2].map(() => host.invoke(code, configured(), '{}')));

    expect(results.map(({ payload }) => payload)).toEqual(['1', '1']);
  });

  it('is another one after a failure, for another configuration, environment or clock', async () => {
    const code = await codeOf(`async ({ exit }) => { if (exit) process.exit(1); return (${COUNTING})() }`);
    const count = async (configuration: Partial<LambdaConfiguration> = {}, environment = {}) =>
      (await host.invoke(code, configured(configuration), '{}', { environment })).payload;

    expect([await count(), await count()]).toEqual(['1', '2']);
    await host.invoke(code, configured(), '{"exit":true}');
    expect(await count()).toBe('1');
    expect(await count({ memoryMiB: 512 })).toBe('1');
    expect(await count({ memoryMiB: 512 }, { OTHER: 'x' })).toBe('1');
    clockOffsetMs = DAY_MS;
    expect(await count({ memoryMiB: 512 }, { OTHER: 'x' })).toBe('1');
  });

  it('stands still between invocations', async () => {
    const marker = aMarker();
    await run(`async () => { require('child_process').spawn('sleep', ['${marker}']) }`);

    const [pid, ...others] = processesWith(marker);

    expect(others).toEqual([]);
    // A process told to stop does so when the machine next comes to it.
    await eventually(() => / T /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8')));
  });

  it('ends when the host is closed, idle or not, and nothing but the logs stays', async () => {
    const [idle, busy] = [aMarker(), aMarker()];
    const own = path.join(directory, 'own');
    const closing = hostIn(own);
    const sleeping = (marker: string) => `require('child_process').spawn('sleep', ['${marker}'], { detached: true })`;
    await closing.invoke(await codeOf(`async () => { ${sleeping(idle)} }`), configured(), '{}');
    const invocation = closing.invoke(
      await codeOf(`() => new Promise(() => { ${sleeping(busy)}; setInterval(() => {}, 1000) })`),
      configured({ functionArn: 'another' }),
      '{}',
    );
    await eventually(() => processesWith(busy).length === 1);
    expect(processesWith(idle)).toHaveLength(1);

    await closing.close();

    expect(JSON.parse((await invocation).payload).errorType).toBe('Runtime.ExitError');
    expect([...processesWith(idle), ...processesWith(busy)]).toEqual([]);
    expect(fs.readdirSync(own)).toEqual(['logs']);
    expect(fs.readdirSync(path.join(own, 'logs'))).toEqual(['tried.log']);
  });
});

function hostIn(place: string): LambdaHost {
  return new LambdaHost({
    directory: place,
    region: 'eu-west-1',
    hostEnvironment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    readOnlyFiles: [certificateFile],
    clockOffsetMs: () => clockOffsetMs,
  });
}

function configured(changes: Partial<LambdaConfiguration> = {}): LambdaConfiguration {
  return {
    functionName: 'tried',
    version: '1',
    functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:tried:1',
    handler: 'index.handler',
    memoryMiB: 256,
    timeoutSeconds: 30,
    ephemeralStorageMiB: 512,
    environment: {},
    ...changes,
  };
}

async function run(
  handler: string,
  event: unknown = {},
  changes: Partial<LambdaConfiguration> = {},
): Promise<InvocationResult> {
  return host.invoke(await codeOf(handler), configured(changes), JSON.stringify(event));
}

async function codeOf(handler: string): Promise<LambdaCode> {
  return { zip: await zipOf({ 'index.js': `exports.handler = ${handler};` }), layers: [] };
}

async function zipOf(files: Record<string, string>, mode = 0o644, links: string[] = []): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) {
    zip.addBuffer(Buffer.from(content), name, { mode: links.includes(name) ? 0o120777 : 0o100000 + mode });
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** A number of seconds that no other process sleeps. */
function aMarker(): string {
  return `${100_000 + Math.floor(Math.random() * 1e9)}`;
}

function processesWith(argument: string): string[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${argument}\0`;
      } catch {
        return false;
      }
    });
}

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

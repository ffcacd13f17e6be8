import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Gateway } from '../../../sandbox/aws/gateway';
import { addressedTo, jsonResponse, segmentsOf } from '../../../sandbox/aws/message';
import { ServiceModels } from '../../../sandbox/aws/model/service-model';
import { Upstream } from '../../../sandbox/aws/upstream';

let directory: string;
let emulator: Server;
let gateway: Gateway;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'gateway-test-'));
  emulator = createServer((request, response) => {
    response.setHeader('x-answered-by', 'emulator');
    request.pipe(response);
  });
  await new Promise<void>((resolve) => emulator.listen(0, '127.0.0.1', resolve));
  const upstream = new Upstream(`http://127.0.0.1:${(emulator.address() as AddressInfo).port}`, 'us-east-1');
  gateway = await Gateway.start(upstream, new ServiceModels(directory), path.join(directory, 'gateway.log'));
});

afterEach(async () => {
  await gateway.stop();
  emulator.close();
  await rm(directory, { recursive: true });
});

const ask = async (service: string, body: string) =>
  fetch(`${gateway.endpoint}/a%2Fb/c?d=e`, { method: 'POST', headers: addressedTo(service, 'us-east-1'), body });

test('hands on what nobody mends, byte for byte', async () => {
  const answer = await ask('sqs', 'content\u0000ü');
  expect(answer.headers.get('x-answered-by')).toBe('emulator');
  expect(await answer.text()).toBe('content\u0000ü');
});

test('gives a mended service its own requests, and logs no content', async () => {
  gateway.add({ name: 'lambda', answer: async (request) => jsonResponse(201, segmentsOf(request)) });
  const answer = await ask('lambda', 'a secret');
  expect(answer.status).toBe(201);
  expect(await answer.json()).toEqual(['a/b', 'c']);
  expect((await ask('rds', '')).headers.get('x-answered-by')).toBe('emulator');
  const log = await readFile(path.join(directory, 'gateway.log'), 'utf8');
  expect(log).toContain('lambda POST /a%2Fb/c?d=e 201');
  expect(log).not.toContain('secret');
});

test.each([
  ['lambda', '{"Type":"User","message":"out of order","Message":"out of order"}'],
  ['rds', '<Code>SandboxFailure</Code><Message>out of order</Message>'],
])('fails with a status that no SDK repeats when %s fails', async (service, text) => {
  gateway.add({
    name: service,
    answer: async () => {
      throw new Error('out of order');
    },
  });
  const answer = await ask(service, '');
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain(text);
});

test('fails in the same way when the emulator is gone', async () => {
  emulator.close();
  emulator.closeAllConnections();
  const answer = await ask('sqs', '');
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('ECONNREFUSED');
});

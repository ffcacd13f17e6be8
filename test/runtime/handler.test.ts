import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ActionError } from '../../src/contract/action-error';
import { Invocation, Request } from '../../src/contract/requests';
import * as actions from '../../src/runtime/actions';
import { handler } from '../../src/runtime/handler';

const CONTEXT = {
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:backups:7',
  getRemainingTimeInMillis: () => 60_000,
};

let lines: string[];
beforeEach(() => {
  lines = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
});
afterEach(() => jest.restoreAllMocks());

test.each([
  ['an action that there is not', { action: 'drop-everything' }, '"drop-everything"'],
  ['a name that every object has', { action: 'constructor' }, '"constructor"'],
  ['no action', {}, 'undefined'],
  ['nothing', null, 'undefined'],
])('fails for %s, with the actions that there are and without a stack', async (_, request, named) => {
  // WHEN
  const error: Error = await handler(request as unknown as Request, CONTEXT).then(fail, (thrown) => thrown);

  // THEN
  expect(error.name).toBe('InvalidRequest');
  expect(error.message).toBe(
    `There is no action ${named}; there are test-connection, test-drill, back-up, watch, list, show, verify, prune, repair, ` +
      'restore-check, restore, refuse-deletion, drill.',
  );
  expect(error.stack).toBe('InvalidRequest');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: 'warn', event: 'failed', error: 'InvalidRequest', message: error.message },
  ]);
});

test('every run has an empty directory of its own, which is gone afterwards, and knows whose it is', async () => {
  // GIVEN
  const directories: string[] = [];
  const runAction = jest.spyOn(actions, 'runAction').mockImplementation(async (_, { workDirectory, ...runtime }) => {
    expect(readdirSync(workDirectory)).toEqual([]);
    writeFileSync(join(workDirectory, 'dump'), '');
    directories.push(workDirectory);
    expect(runtime).toMatchObject({ account: '123456789012', region: 'eu-central-1', libraryVersion: '0.0.0' });
    expect(runtime.remainingMs()).toBe(60_000);
    throw new Error('The disk is full.');
  });

  // WHEN
  for (let run = 0; run < 2; run++) {
    await expect(handler({} as Request, CONTEXT)).rejects.toThrow('The disk is full.');
  }

  // THEN
  expect(runAction).toHaveBeenCalledTimes(2);
  expect(new Set(directories).size).toBe(2);
  expect(directories.filter((directory) => existsSync(directory))).toEqual([]);
});

describe('a request that asks for a failure as an answer', () => {
  const failWith = async (error: Error) => {
    jest.spyOn(actions, 'runAction').mockRejectedValue(error);
    return handler({ failureAsAnswer: true } as Invocation, CONTEXT);
  };

  test('is answered with kind, message and details', async () => {
    const details = { state: 'Failed', faultClass: 'network' };
    expect(await failWith(new ActionError('ConnectionTestFailed', 'It failed.', details))).toEqual({
      failure: { kind: 'ConnectionTestFailed', message: 'It failed.', details },
    });
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['failed']);
  });

  test('is answered without a kind where no action throws such an error on purpose', async () => {
    expect(await failWith(new TypeError('x is not a function'))).toEqual({
      failure: { message: 'x is not a function' },
    });
  });
});

function fail(): never {
  throw new Error('It was done.');
}

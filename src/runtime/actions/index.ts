import { ActionError } from '../../contract/action-error';
import { Action, Answers, Request } from '../../contract/requests';
import { withProgress } from '../progress';
import { Runtime } from '../runtime';
import { backUp } from './back-up';
import { drill } from './drill';
import { list } from './list';
import { prune } from './prune';
import { refuseDeletion } from './refuse-deletion';
import { repair } from './repair';
import { restore } from './restore';
import { restoreCheck } from './restore-check';
import { show } from './show';
import { testConnection } from './test-connection';
import { verify } from './verify';
import { watch } from './watch';

type ActionHandlers = {
  readonly [A in Action]: (request: Extract<Request, { action: A }>, runtime: Runtime) => Promise<Answers[A]>;
};

const ACTION_HANDLERS: ActionHandlers = {
  'test-connection': async (request, runtime) => testConnection(request, runtime),
  'test-drill': async (request, runtime) => testConnection(request, runtime),
  'back-up': backUp,
  watch,
  list,
  show,
  verify,
  prune,
  repair,
  'restore-check': async (request, runtime) => restoreCheck(request, runtime),
  restore: async (request, runtime) => restore(request, runtime),
  'refuse-deletion': refuseDeletion,
  drill,
};

/**
 * Does what a request asks for.
 *
 * @throws ActionError; InvalidRequest where there is no such action.
 */
export async function runAction<R extends Request>(request: R, runtime: Runtime): Promise<Answers[R['action']]> {
  const action = (request as Partial<Request> | null | undefined)?.action;
  if (action === undefined || !Object.hasOwn(ACTION_HANDLERS, action)) {
    throw new ActionError(
      'InvalidRequest',
      `There is no action ${JSON.stringify(action)}; there are ${Object.keys(ACTION_HANDLERS).join(', ')}.`,
    );
  }
  const runner = ACTION_HANDLERS[action] as unknown as (request: R, runtime: Runtime) => Promise<Answers[R['action']]>;
  return runner(request, withProgress(runtime, action));
}

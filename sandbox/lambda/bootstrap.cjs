// The runtime client that the Lambda host shows at /var/runtime, in place of AWS's own. What a program can notice is
// the same: how a handler is found, what a context holds, how an error becomes JSON, how a line of the log begins.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const util = require('node:util');

const [clockOffsetMs] = process.argv.splice(2).map(Number);
const environment = { ...process.env };
const [apiHost, apiPort] = environment.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

// What is going on at the moment: nothing, or one invocation.
let current;

function shiftDate() {
  const RealDate = Date;
  const realNow = RealDate.now;
  RealDate.now = () => realNow() + clockOffsetMs;
  // The clocks of storage and server, which the program compares with its own, are read as HTTP dates: they move along.
  const realParse = RealDate.parse;
  RealDate.parse = (text) => realParse(text) + (/ GMT$/.test(text) ? clockOffsetMs : 0);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length ? args : [target.now()], newTarget),
    apply: (target) => new target(target.now()).toString(),
  });
  RealDate.prototype.constructor = globalThis.Date;
}

function call(method, resource, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const request = http.request(
      {
        agent,
        host: apiHost,
        port: apiPort,
        method,
        path: `/2018-06-01/runtime/${resource}`,
        headers: { 'Content-Type': 'application/json', ...length, ...headers },
      },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function runtimeError(name, message, stack) {
  const error = new Error(message);
  error.name = `Runtime.${name}`;
  if (stack) error.stack = stack;
  return error;
}

// As AWS's client for nodejs18.x to nodejs22.x does it: an error without a stack loses its message too.
function toResponse(error) {
  try {
    return util.types.isNativeError(error) || (error?.name && error.message && error.stack)
      ? { errorType: error.name, errorMessage: error.message, trace: error.stack.split('\n') }
      : { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

function toLogged(error) {
  const described = (value) =>
    value instanceof Error
      ? {
          errorType: value.name,
          errorMessage: value.message,
          code: value.code,
          ...value,
          stack: typeof value.stack === 'string' ? value.stack.split('\n') : undefined,
        }
      : value;
  try {
    return JSON.stringify(error, (_key, value) => described(value));
  } catch {
    return JSON.stringify(toResponse(error));
  }
}

function log(level, message) {
  fs.writeSync(1, `${new Date().toISOString()}\t${current?.id}\t${level}\t${message}\n`);
}

function patchConsole() {
  const levels = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR' };
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...message) => log(level, util.format(...message));
  }
}

function postError(resource, error) {
  const response = toResponse(error);
  return call('POST', resource, JSON.stringify(response), {
    'Lambda-Runtime-Function-Error-Type': encodeURIComponent(response.errorType),
  });
}

function dieOf(label, exitCode, error) {
  log('ERROR', `${label}\t${toLogged(error)}`);
  const resource = current ? `invocation/${current.id}/error` : 'init/error';
  postError(resource, error).finally(() => process.exit(exitCode));
}

async function loadHandler() {
  const full = environment._HANDLER;
  if (full.includes('..')) {
    throw runtimeError(
      'MalformedHandlerName',
      `'${full}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const name = path.basename(full);
  const [, module, property] = /^([^.]*)\.(.*)$/.exec(name) ?? [];
  if (!module) throw runtimeError('MalformedHandlerName', 'Bad handler');
  const base = path.resolve(environment.LAMBDA_TASK_ROOT, full.slice(0, full.indexOf(name)), module);
  const file = ['', '.js', '.mjs', '.cjs']
    .map((extension) => base + extension)
    .find((candidate) => fs.existsSync(candidate));
  const loaded = await loadModule(file, module);
  const handler = property.split('.').reduce((nested, key) => nested?.[key], loaded);
  if (!handler) throw runtimeError('HandlerNotFound', `${full} is undefined or not exported`);
  if (typeof handler !== 'function') throw runtimeError('HandlerNotFound', `${full} is not a function`);
  return handler;
}

async function loadModule(file, module) {
  try {
    if (file?.endsWith('.mjs')) return await import(pathToFileURL(file).href);
    return require(file ?? require.resolve(module, { paths: [environment.LAMBDA_TASK_ROOT] }));
  } catch (error) {
    if (error instanceof SyntaxError) throw runtimeError('UserCodeSyntaxError', String(error), error.stack);
    if (error?.code === 'ERR_REQUIRE_ESM') return import(pathToFileURL(file).href);
    if (['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(error?.code)) {
      throw runtimeError('ImportModuleError', String(error));
    }
    throw error;
  }
}

function contextOf(headers, end) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: undefined,
    identity: undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    succeed: end.resolve,
    fail: end.reject,
    done: (error, result) => (error ? end.reject(error) : end.resolve(result)),
  };
}

function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    // A program whose event loop runs empty before it has answered is done: AWS's client answers null for it.
    current.runsEmpty = () => resolve(null);
    const context = contextOf(headers, { resolve, reject });
    const returned = handler(event, context, context.done);
    if (typeof returned?.then === 'function') returned.then(resolve, reject);
  });
}

function serialize(result) {
  try {
    return JSON.stringify(result === undefined ? null : result);
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

async function invokeNext(handler) {
  const { headers, body } = await call('GET', 'invocation/next');
  current = { id: headers['lambda-runtime-aws-request-id'] };
  process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
  try {
    const answer = serialize(await run(handler, JSON.parse(body), headers));
    await call('POST', `invocation/${current.id}/response`, answer);
  } catch (error) {
    log('ERROR', `Invoke Error\t${toLogged(error)}`);
    await postError(`invocation/${current.id}/error`, error);
  }
}

async function main() {
  if (clockOffsetMs !== 0) shiftDate();
  patchConsole();
  process.on('uncaughtException', (error) => dieOf('Uncaught Exception', 129, error));
  process.on('unhandledRejection', (reason) =>
    dieOf(
      'Unhandled Promise Rejection',
      128,
      runtimeError('UnhandledPromiseRejection', String(reason), reason instanceof Error ? reason.stack : undefined),
    ),
  );
  process.on('beforeExit', () => current?.runsEmpty());
  const handler = await loadHandler();
  for (;;) await invokeNext(handler);
}

main().catch((error) => dieOf('Runtime Error', 1, error));

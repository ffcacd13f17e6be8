import { Places } from './isolation';

/** A published function as the host needs to know it. */
export interface LambdaConfiguration {
  readonly functionName: string;
  /** a number, or `$LATEST` */
  readonly version: string;
  /** qualified */
  readonly functionArn: string;
  /** file and exported name, as in `index.handler` */
  readonly handler: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  /** the size of `/tmp` */
  readonly ephemeralStorageMiB: number;
  /** the function's own variables */
  readonly environment: Record<string, string>;
}

/**
 * The environment that Lambda itself gives to a function on its Node.js runtime.
 *
 * @param runtimeApi host and port
 */
export function lambdaVariables(
  configuration: LambdaConfiguration,
  places: Places,
  region: string,
  runtimeApi: string,
): Record<string, string> {
  const { functionName, version, memoryMiB, handler } = configuration;
  const { task, layers, runtime } = places;
  const major = process.versions.node.split('.')[0];
  return {
    PATH: places.path,
    LD_LIBRARY_PATH: `/var/lang/lib:/lib64:/usr/lib64:${runtime}:${runtime}/lib:${task}:${task}/lib:${layers}/lib`,
    NODE_PATH: `${layers}/nodejs/node${major}/node_modules:${layers}/nodejs/node_modules:${runtime}/node_modules:${runtime}:${task}`,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    LAMBDA_TASK_ROOT: task,
    LAMBDA_RUNTIME_DIR: runtime,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${major}.x`,
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMiB),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `[${version}]`,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    _HANDLER: handler,
    ...places.extraVariables,
  };
}

/** Node's arguments: Lambda sizes its heap by the function's memory. */
export function nodeArguments(memoryMiB: number): string[] {
  const newSpace = Math.floor(memoryMiB / 10);
  return [
    '--expose-gc',
    '--max-http-header-size=81920',
    `--max-semi-space-size=${Math.floor(newSpace / 2)}`,
    `--max-old-space-size=${memoryMiB - newSpace}`,
  ];
}

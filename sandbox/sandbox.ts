import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, appKey, DeploymentOptions } from './app';
import { CloudWatchService } from './aws/cloudwatch';
import { Ec2Service } from './aws/ec2';
import { Gateway } from './aws/gateway';
import { LambdaService, RecordedInvocation } from './aws/lambda';
import { LogsService } from './aws/logs';
import { ModelCheck } from './aws/model/model-check';
import { RdsService } from './aws/rds';
import { FiredSchedule, FireOptions, ListedSchedule, SchedulerService, ScheduleTrigger } from './aws/scheduler';
import { AccessKeys } from './aws/signature';
import { Upstream } from './aws/upstream';
import { CertificateAuthority } from './certificate-authority';
import { Clock } from './clock';
import { LambdaHost } from './lambda/host';
import { Moto, MotoProgram } from './moto';
import { PostgreSqlServer } from './postgresql/server';
import { Finished, SandboxProcess } from './process';
import { bucketVariables, ProgramVariables, surroundingsVariables } from './program-variables';
import { ProviderPin } from './provider-source';
import { CreatedBucket, CustomerStorage } from './storage';
import { Terraform } from './terraform';

export interface SandboxProps {
  /** For data, logs and states; made if missing, removed by `stop`. @default - a new temporary one */
  readonly directory?: string;
  /** Is called at each step. */
  readonly onProgress?: (step: string) => void;
  /** Ends a start that is going on. */
  readonly signal?: AbortSignal;
}

/** A database of the sandbox, with all that a client needs. */
export interface DatabaseStatus {
  readonly identifier: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly caFile: string;
}

/** A VPC and subnets of it in different zones. */
export interface SandboxNetwork {
  readonly vpcId: string;
  readonly subnetIds: string[];
}

/** Every endpoint, credential and process of a sandbox. */
export interface SandboxStatus {
  readonly directory: string;
  readonly region: string;
  readonly account: string;
  readonly endpoint: string;
  /** What a program needs to work with this AWS, Terraform and the AWS SDKs alike. */
  readonly environment: Record<string, string>;
  readonly certificateAuthorityFile: string;
  readonly storage: {
    readonly endpoint: string;
    readonly region: string;
    readonly admin: AccessKeys;
    readonly caFile: string;
    /** The same as text. */
    readonly caPem: string;
  };
  /** The account's default network. */
  readonly network: SandboxNetwork;
  readonly terraform: {
    readonly version: string;
    readonly providerSource: string;
    /** A name on PATH or a file. */
    readonly program: string;
    /** By which Terraform finds the AWS provider. */
    readonly configurationFile: string;
  };
  readonly isolation: string;
  readonly clock: { readonly offsetMs: number; readonly now: string };
  readonly databases: DatabaseStatus[];
  readonly schedules: ListedSchedule[];
  readonly processes: SandboxProcess[];
}

/**
 * An AWS account on this machine: real Terraform, real functions, real PostgreSQL, and a customer's
 * S3-compatible storage. Everything listens on 127.0.0.1, on free ports, so that several can run side by side.
 */
export class Sandbox {
  /** @throws with what is missing and how to install it; nothing keeps running then */
  static async start(props: SandboxProps = {}): Promise<Sandbox> {
    const directory = await prepareDirectory(props.directory);
    const started: Stoppable[] = [];
    const step = (text: string) => {
      props.signal?.throwIfAborted();
      props.onProgress?.(text);
    };
    try {
      return await startParts(directory, started, step, props.signal);
    } catch (error) {
      await stopAll(started, directory);
      throw error;
    }
  }

  private readonly apps = new Map<string, App>();
  private readonly stopping = new AbortController();
  private stopped?: Promise<void>;

  /** Use {@link Sandbox.start}. */
  constructor(private readonly parts: SandboxParts) {}

  readonly region = REGION;
  readonly account = ACCOUNT;

  get directory(): string {
    return this.parts.directory;
  }

  /** The AWS endpoint of every service. */
  get endpoint(): string {
    return this.parts.gateway.endpoint;
  }

  get storage(): CustomerStorage {
    return this.parts.storage;
  }

  get certificateAuthority(): CertificateAuthority {
    return this.parts.certificateAuthority;
  }

  get clock(): Clock {
    return this.parts.clock;
  }

  /** What went through the functions, oldest first. */
  get invocations(): readonly RecordedInvocation[] {
    return this.parts.lambda.invocations;
  }

  /** Every request that the provider, the functions and the command line sent, compared with AWS's own models. */
  get modelCheck(): ModelCheck {
    return this.parts.gateway.modelCheck;
  }

  /** Endpoint, credentials and region, for Terraform and the AWS SDKs. */
  environment(): Record<string, string> {
    return { AWS_ENDPOINT_URL: this.endpoint, ...CREDENTIALS, AWS_REGION: REGION };
  }

  /**
   * An app, as one works with it in this sandbox; its state survives from one apply to the next.
   *
   * @param source a directory with a CDKTF program `main.ts`, or with a configuration for Terraform
   */
  async app(source: string): Promise<App> {
    const resolved = await realpath(source);
    const key = appKey(resolved);
    const app = this.apps.get(key) ?? this.newApp(resolved, key);
    this.apps.set(key, app);
    return app;
  }

  /** Synthesizes and applies an app. Whether it worked is in the exit code. */
  async apply(source: string, options?: DeploymentOptions): Promise<Finished> {
    return (await this.app(source)).apply(options);
  }

  /** Exit code 0 says that nothing would change, 2 that something would, 1 that planning failed. */
  async plan(source: string, options?: DeploymentOptions): Promise<Finished> {
    return (await this.app(source)).plan(options);
  }

  async destroy(source: string, options?: DeploymentOptions): Promise<Finished> {
    return (await this.app(source)).destroy(options);
  }

  /** Fires a schedule, by its name or `group/name`, and waits for what the function answers. */
  async fire(schedule: string, options?: FireOptions): Promise<FiredSchedule> {
    return this.parts.trigger.fire(schedule, options);
  }

  async schedules(): Promise<ListedSchedule[]> {
    return this.parts.trigger.list();
  }

  /** @param change milliseconds ahead of the machine's clock, or a span to add, such as `+30d` */
  setClock(change: number | string): void {
    this.clock.set(change);
  }

  /** The account's default VPC and its subnets, one in each zone. */
  async network(): Promise<SandboxNetwork> {
    const query = 'Action=DescribeSubnets&Version=2016-11-15&Filter.1.Name=default-for-az&Filter.1.Value.1=true';
    const xml = (await this.parts.upstream.call('ec2', 'GET', `/?${query}`)).toString();
    const values = (name: string) =>
      [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'g'))].map(([, value]) => value);
    return { vpcId: values('vpcId')[0], subnetIds: values('subnetId') };
  }

  /** Values for the variables of a program that works with this sandbox, and with a bucket of its storage. */
  async programVariables(created: CreatedBucket): Promise<ProgramVariables> {
    const { storage } = this;
    return { ...surroundingsVariables({ network: await this.network(), storage }), ...bucketVariables(created) };
  }

  databases(): PostgreSqlServer[] {
    return this.parts.rds.servers;
  }

  /** Changes an instance's master password and its secret, as RDS does by itself. */
  async rotateMasterPassword(identifier: string): Promise<void> {
    return this.parts.rds.rotateMasterPassword(identifier);
  }

  processes(): SandboxProcess[] {
    return [
      this.parts.moto.process,
      this.storage.process,
      ...this.databases().map(({ identifier, processId }) => ({ name: `PostgreSQL for ${identifier}`, processId })),
    ];
  }

  async status(): Promise<SandboxStatus> {
    const { terraform, host, certificateAuthority } = this.parts;
    return {
      directory: this.directory,
      region: REGION,
      account: ACCOUNT,
      endpoint: this.endpoint,
      environment: this.environment(),
      certificateAuthorityFile: certificateAuthority.certificateFile,
      storage: {
        endpoint: this.storage.endpoint,
        region: this.storage.region,
        admin: this.storage.admin,
        caFile: this.storage.caFile,
        caPem: this.storage.caPem,
      },
      network: await this.network(),
      terraform: {
        version: terraform.version,
        providerSource: terraform.providerSource,
        program: terraform.file,
        configurationFile: terraform.configuration,
      },
      isolation: host.isolation,
      clock: { offsetMs: this.clock.offsetMs, now: this.clock.now().toISOString() },
      databases: this.databases().map(({ identifier, version, host: name, port, master, caFile }) => ({
        identifier,
        version,
        host: name,
        port,
        ...master,
        caFile,
      })),
      schedules: await this.schedules(),
      processes: this.processes(),
    };
  }

  /** Ends every process and removes the directory. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.stopped ??= stopAll(this.parts.started, this.directory);
    return this.stopped;
  }

  private newApp(source: string, key: string): App {
    return new App({
      source,
      directory: path.join(this.directory, 'apps', key),
      terraform: this.parts.terraform,
      environment: this.environment(),
      tsconfigFile: this.parts.tsconfigFile,
      signal: this.stopping.signal,
    });
  }
}

const REGION = 'us-east-1';
/** The account that moto answers for. */
const ACCOUNT = '123456789012';
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox' };

const REPOSITORY = path.resolve(__dirname, '..');
const CACHE = path.join(REPOSITORY, '.cache');

interface Stoppable {
  stop(): Promise<void>;
}

interface SandboxParts {
  readonly directory: string;
  /** In the order in which they are to be stopped. */
  readonly started: Stoppable[];
  readonly certificateAuthority: CertificateAuthority;
  readonly clock: Clock;
  readonly terraform: Terraform;
  readonly tsconfigFile: string;
  readonly moto: Moto;
  readonly upstream: Upstream;
  readonly storage: CustomerStorage;
  readonly gateway: Gateway;
  readonly host: LambdaHost;
  readonly lambda: LambdaService;
  readonly rds: RdsService;
  readonly trigger: ScheduleTrigger;
}

/** A directory that the servers' users may pass through but not list. */
async function prepareDirectory(directory?: string): Promise<string> {
  if (directory) await mkdir(directory, { recursive: true });
  const made = directory ?? (await mkdtemp(path.join(os.tmpdir(), 'managed-database-sandbox-')));
  await chmod(made, 0o711);
  return realpath(made);
}

async function startParts(
  directory: string,
  started: Stoppable[],
  step: (text: string) => void,
  signal?: AbortSignal,
): Promise<Sandbox> {
  const inside = async (name: string) => {
    const made = path.join(directory, name);
    await mkdir(made, { recursive: true });
    return made;
  };
  /** Whatever is started first is stopped last. */
  const keep = <T extends Stoppable>(part: T): T => {
    started.unshift(part);
    return part;
  };

  step('Looking for Terraform and its AWS provider');
  const { createRequire } = await import('node:module');
  const pin: ProviderPin = createRequire(__filename)('@cdktf/provider-aws/package.json').cdktf.provider;
  const terraform = await Terraform.locate({
    directory: await inside('terraform'),
    cacheDirectory: CACHE,
    provider: pin,
    signal,
  });
  step('Looking for moto');
  const program = await MotoProgram.locate(CACHE, signal);

  step('Starting AWS and the storage');
  const certificateAuthority = await CertificateAuthority.create(await inside('authority'));
  const logs = await inside('logs');
  const [moto, storage] = await settled([
    Moto.start({ name: 'AWS (moto)', program, logFile: path.join(logs, 'moto.log') }).then(keep),
    CustomerStorage.start({ program, certificateAuthority, directory: await inside('storage') }).then(keep),
  ]);

  const clock = new Clock();
  const upstream = new Upstream(moto.endpoint, REGION);
  const gateway = keep(await Gateway.start(upstream, program.models, path.join(logs, 'gateway.log')));
  const rds = keep(new RdsService({ upstream, certificateAuthority, directory: await inside('databases') }));
  const host = new LambdaHost({
    directory: await inside('lambda'),
    region: REGION,
    hostEnvironment: {
      AWS_ENDPOINT_URL: gateway.endpoint,
      PGSSLROOTCERT: certificateAuthority.certificateFile,
    },
    readOnlyFiles: [certificateAuthority.certificateFile],
    clockOffsetMs: () => clock.offsetMs,
  });
  keep({ stop: () => host.close() });
  const now = () => clock.now();
  const cloudWatch = new CloudWatchService(upstream, now);
  const functionLogs = new LogsService(upstream, gateway.permissions, now, async (lines) =>
    cloudWatch.takeLines(lines),
  );
  const lambda = new LambdaService(upstream, host, gateway.permissions, functionLogs);
  gateway.add(lambda);
  gateway.add(functionLogs);
  gateway.add(rds);
  gateway.add(new Ec2Service(upstream));
  gateway.add(new SchedulerService(upstream, gateway.permissions));
  gateway.add(cloudWatch);
  const trigger = new ScheduleTrigger(upstream, lambda, now);
  const tsconfigFile = path.join(await inside('apps'), 'tsconfig.json');
  await writeFile(tsconfigFile, JSON.stringify(APP_TSCONFIG));
  step('Ready');
  return new Sandbox({
    ...{ directory, started, certificateAuthority, clock, terraform, tsconfigFile, moto, storage, gateway },
    ...{ host, lambda, rds, trigger, upstream },
  });
}

/** Programs take the library from its sources, so that what is tried is what was just written. */
const APP_TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'CommonJS',
    esModuleInterop: true,
    paths: { 'cdktf-managed-database': [path.join(REPOSITORY, 'src')] },
  },
};

/** Like `Promise.all`, but leaves nothing under way when one fails. */
async function settled<A, B>(promises: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** One after the other, each in any case. @throws the first of their errors */
async function stopAll(started: Stoppable[], directory: string): Promise<void> {
  const errors: unknown[] = [];
  for (const part of started) await part.stop().catch((error) => errors.push(error));
  await rm(directory, { recursive: true, force: true });
  if (errors.length > 0) throw errors[0];
}

import { randomBytes, randomInt } from 'node:crypto';
import * as path from 'node:path';
import { CertificateAuthority } from '../certificate-authority';
import { AwsRequest, AwsResponse, escapeXml, xmlRefusal } from './message';
import {
  gp3Baseline,
  grownStorage,
  RdsAccount,
  RdsAction,
  RdsInstanceSettings,
  RdsRequest,
  refusalOf,
  RULED_ACTIONS,
} from './rds-rules';
import { EmulatedService, Upstream } from './upstream';
import { POSTGRESQL_MAJORS, PostgreSqlMajor } from '../postgresql/program';
import { PostgreSqlServer } from '../postgresql/server';

export interface RdsServiceProps {
  readonly upstream: Upstream;
  readonly certificateAuthority: CertificateAuthority;
  /** For the servers' directories. */
  readonly directory: string;
}

/**
 * RDS with real instances. moto only records them: here each has a real PostgreSQL server, with the master user that the
 * request names and, where RDS manages its password, a master secret that holds it.
 */
export class RdsService implements EmulatedService {
  readonly name = 'rds';
  private readonly instances = new Map<string, Instance>();
  private started = 0;

  constructor(private readonly props: RdsServiceProps) {}

  /** The servers that run now, by the instances' identifiers. */
  get servers(): PostgreSqlServer[] {
    return [...this.instances.values()].map(({ server }) => server);
  }

  async answer(request: AwsRequest): Promise<AwsResponse> {
    const parameters = new URLSearchParams(request.body.toString());
    const refusal = await this.refusalOf(parameters);
    if (refusal) return xmlRefusal(400, refusal.code, refusal.message);
    switch (parameters.get('Action')) {
      case 'CreateDBInstance':
        return this.create(request, parameters);
      case 'ModifyDBInstance':
        return this.modify(request, parameters);
      case 'DeleteDBInstance':
        return this.delete(request, parameters);
      case 'DescribeDBInstances':
        return this.describe(request, parameters);
      case 'DescribeDBParameters':
        return withBody(await this.forward(request, parameters), markAsCustomers);
      default:
        return this.describeInstances(await this.forward(request, parameters));
    }
  }

  /**
   * Gives the master of an instance another password and writes it into the master secret, as RDS does every week.
   *
   * @throws if there is no such instance, or its password is not managed by RDS
   */
  async rotateMasterPassword(identifier: string): Promise<void> {
    const instance = this.instances.get(identifier);
    if (!instance?.secretArn) {
      throw new Error(`RDS manages no master password of an instance ${identifier} here: there is nothing to rotate.`);
    }
    const { username } = instance.server.master;
    const password = masterPassword();
    await instance.server.changeMasterPassword(password);
    await this.writeSecret(instance.secretArn, { username, password });
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  private async create(request: AwsRequest, parameters: URLSearchParams): Promise<AwsResponse> {
    const identifier = parameters.get('DBInstanceIdentifier')!.toLowerCase();
    const engine = parameters.get('Engine');
    const version = parameters.get('EngineVersion') ?? String(DEFAULT_MAJOR);
    const major = majorOf(version);
    if (engine !== 'postgres' || !POSTGRESQL_MAJORS.includes(major)) {
      return xmlRefusal(
        400,
        'InvalidParameterCombination',
        `Cannot find version ${version} for ${engine}: the sandbox has postgres ${POSTGRESQL_MAJORS.join(', ')}`,
      );
    }
    const answer = await this.forward(request, parameters);
    if (answer.status !== 200) return answer;

    const managed = parameters.get('ManageMasterUserPassword') === 'true';
    const master = {
      username: parameters.get('MasterUsername')!,
      password: managed ? masterPassword() : parameters.get('MasterUserPassword')!,
    };
    const server = await this.startServer(identifier, major, master, parameters.get('DBName') ?? undefined).catch(
      async (error: Error) => {
        await this.forget(identifier).catch(() => undefined);
        throw error;
      },
    );
    const secretArn = managed ? elementOf(answer.body.toString(), 'SecretArn') : undefined;
    if (secretArn) await this.writeSecret(secretArn, master);
    this.instances.set(identifier, {
      server,
      secretArn,
      resourceId: `db-${resourceId()}`,
      // A version with its minor is the customer's choice: another one in the answer would be planned away for ever.
      version: version.includes('.') ? version : server.version,
      forgotten: forgottenSettings(parameters),
      rates: ratesIn(parameters),
      pending: {},
    });
    return this.describeInstances(answer);
  }

  /** What RDS refuses by its documentation. */
  private async refusalOf(parameters: URLSearchParams): Promise<{ code: string; message: string } | undefined> {
    const action = parameters.get('Action') as RdsAction;
    return RULED_ACTIONS.includes(action)
      ? refusalOf(requestOf(action, parameters), await this.account(parameters))
      : undefined;
  }

  private async account(parameters: URLSearchParams): Promise<RdsAccount> {
    const subnets = [...parameters].filter(([name]) => name.startsWith('SubnetIds.')).map(([, id]) => id);
    const group = parameters.get('DBParameterGroupName') ?? 'default.';
    const isNew = parameters.get('Action') === 'CreateDBParameterGroup';
    const snapshots = parameters.has('FinalDBSnapshotIdentifier') ? await this.ask('DescribeDBSnapshots', {}) : '';
    return {
      instance: await this.settingsOf(parameters.get('DBInstanceIdentifier')?.toLowerCase()),
      snapshots: elementsOf(snapshots, 'DBSnapshotIdentifier'),
      zones: subnets.length > 0 ? await this.zonesOf(subnets) : undefined,
      parameterGroupFamily:
        isNew || group.startsWith('default.')
          ? undefined
          : elementOf(
              await this.ask('DescribeDBParameterGroups', { DBParameterGroupName: group }),
              'DBParameterGroupFamily',
            ),
    };
  }

  private async settingsOf(identifier: string | undefined): Promise<RdsInstanceSettings | undefined> {
    const instance = this.instances.get(identifier ?? '');
    if (!instance) return undefined;
    const xml = await this.ask('DescribeDBInstances', { DBInstanceIdentifier: identifier! });
    const storageGiB = Number(elementOf(xml, 'AllocatedStorage'));
    return {
      engineVersion: instance.version,
      storageGiB,
      storageType: elementOf(xml, 'StorageType') ?? 'gp2',
      iops: instance.rates.Iops === undefined ? undefined : Number(instance.rates.Iops),
      isProtected: elementOf(xml, 'DeletionProtection') === 'true',
    };
  }

  /** @returns undefined where a subnet is not there, which the emulation refuses itself */
  private async zonesOf(subnets: string[]): Promise<string[] | undefined> {
    const ids = Object.fromEntries(subnets.map((id, index) => [`SubnetId.${index + 1}`, id]));
    const query = new URLSearchParams({ Action: 'DescribeSubnets', Version: '2016-11-15', ...ids });
    const xml = await this.props.upstream.call('ec2', 'GET', `/?${query}`).catch(() => undefined);
    return xml && elementsOf(xml.toString(), 'availabilityZone');
  }

  /** @returns nothing where there is nothing of that name */
  private async ask(action: string, parameters: Record<string, string>): Promise<string> {
    const query = new URLSearchParams({ Action: action, Version: '2014-10-31', ...parameters });
    const answer = await this.props.upstream.call('rds', 'GET', `/?${query}`).catch(() => Buffer.from(''));
    return answer.toString();
  }

  private async modify(request: AwsRequest, parameters: URLSearchParams): Promise<AwsResponse> {
    const identifier = parameters.get('DBInstanceIdentifier')!.toLowerCase();
    const instance = this.instances.get(identifier);
    const pending = instance ? await this.postpone(instance, parameters) : {};
    const version = parameters.get('EngineVersion');
    const isUpgrade = instance && version && majorOf(version) !== instance.server.major;
    if (isUpgrade && !(await instance.server.isEmpty())) {
      return xmlRefusal(400, 'InvalidParameterCombination', 'The sandbox upgrades a server only while it is empty.');
    }
    const rotate = parameters.get('RotateMasterUserPassword') === 'true';
    // moto would ask Secrets Manager for a rotation function, which a secret of RDS's own has not.
    parameters.delete('RotateMasterUserPassword');
    const answer = await this.forward(request, parameters);
    if (answer.status !== 200 || !instance) return answer;

    const server = isUpgrade ? await this.upgrade(instance.server, majorOf(version)) : instance.server;
    if (rotate) await this.rotateMasterPassword(identifier);
    const password = parameters.get('MasterUserPassword');
    if (password) await instance.server.changeMasterPassword(password);
    const forgotten = { ...instance.forgotten, ...forgottenSettings(parameters) };
    const rates = { ...instance.rates, ...ratesIn(parameters) };
    this.instances.delete(identifier);
    this.instances.set(parameters.get('NewDBInstanceIdentifier')?.toLowerCase() ?? identifier, {
      ...instance,
      server,
      forgotten,
      rates,
      pending,
      version: version?.includes('.') ? version : isUpgrade ? server.version : instance.version,
    });
    return this.describeInstances(answer);
  }

  /**
   * Takes out of a request what waits for the maintenance window, as RDS does unless the request says to apply at once; then
   * everything that waited is applied too.
   *
   * @returns what waits afterwards
   * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html
   */
  private async postpone(instance: Instance, parameters: URLSearchParams): Promise<Record<string, string>> {
    const present = await this.settingsOf(parameters.get('DBInstanceIdentifier')!.toLowerCase());
    const wanted = parameters.get('AllocatedStorage');
    if (wanted !== null) {
      parameters.set('AllocatedStorage', String(grownStorage(Number(wanted), present!.storageGiB)));
    }
    if (parameters.get('ApplyImmediately') === 'true') {
      for (const [name, value] of Object.entries(instance.pending)) {
        if (!parameters.has(name)) parameters.set(name, value);
      }
      return {};
    }
    const pending = { ...instance.pending };
    for (const name of POSTPONED.filter((each) => parameters.has(each))) {
      pending[name] = parameters.get(name)!;
      parameters.delete(name);
    }
    return pending;
  }

  private async delete(request: AwsRequest, parameters: URLSearchParams): Promise<AwsResponse> {
    const identifier = parameters.get('DBInstanceIdentifier')!.toLowerCase();
    const answer = await this.describeInstances(await this.forward(request, parameters));
    const instance = this.instances.get(identifier);
    if (answer.status !== 200 || !instance) return answer;
    this.instances.delete(identifier);
    await instance.server.stop();
    return answer;
  }

  /** moto gives every instance one and the same resource id, by which the provider looks for its instance. */
  private async describe(request: AwsRequest, parameters: URLSearchParams): Promise<AwsResponse> {
    for (const [name, value] of [...parameters]) {
      const filter = /^Filters\.Filter\.(\d+)\.Name$/.exec(name);
      if (!filter || value !== 'dbi-resource-id') continue;
      parameters.set(name, 'db-instance-id');
      const values = `Filters.Filter.${filter[1]}.Values.Value.`;
      for (const [valueName, id] of [...parameters].filter(([key]) => key.startsWith(values))) {
        const found = [...this.instances].find(([, { resourceId: own }]) => own === id);
        parameters.set(valueName, found?.[0] ?? 'no-such-instance');
      }
    }
    return this.describeInstances(await this.forward(request, parameters));
  }

  private async startServer(
    identifier: string,
    major: PostgreSqlMajor,
    master: { username: string; password: string },
    databaseName: string | undefined,
    port?: number,
  ): Promise<PostgreSqlServer> {
    this.started += 1;
    const dataDirectory = path.join(this.props.directory, `${identifier}-${this.started}`);
    const { certificateAuthority } = this.props;
    const place = { identifier, major, dataDirectory, port };
    return PostgreSqlServer.start({ ...place, master, databaseName, certificateAuthority });
  }

  /** Starts a server of another major in the place of one that is empty. */
  private async upgrade(server: PostgreSqlServer, major: PostgreSqlMajor): Promise<PostgreSqlServer> {
    await server.stop();
    return this.startServer(server.identifier, major, server.master, server.databaseName, server.port);
  }

  private async forget(identifier: string): Promise<void> {
    const url = `/?Action=DeleteDBInstance&Version=2014-10-31&SkipFinalSnapshot=true&DBInstanceIdentifier=${identifier}`;
    await this.props.upstream.call('rds', 'GET', url);
  }

  /** moto writes the same made-up name and password into each master secret. */
  private async writeSecret(arn: string, master: { username: string; password: string }): Promise<void> {
    await this.props.upstream.call('secretsmanager', 'POST', '/', {
      target: 'secretsmanager.PutSecretValue',
      body: {
        SecretId: arn,
        SecretString: JSON.stringify(master),
        ClientRequestToken: randomBytes(16).toString('hex'),
      },
    });
  }

  private async forward(request: AwsRequest, parameters: URLSearchParams): Promise<AwsResponse> {
    return this.props.upstream.forward({ ...request, body: Buffer.from(parameters.toString()) });
  }

  private describeInstances(answer: AwsResponse): AwsResponse {
    return withBody(answer, (xml) =>
      xml.replace(/<DBInstance>.*?<\/DBInstance>/gs, (block) => {
        const instance = this.instances.get(elementOf(block, 'DBInstanceIdentifier') ?? '');
        return instance ? withPending(withElements(block, describeInstance(instance, block)), instance.pending) : block;
      }),
    );
  }
}

/** What RDS takes where a request names no version. */
const DEFAULT_MAJOR: PostgreSqlMajor = 17;

function majorOf(version: string): PostgreSqlMajor {
  return Number(version.split('.')[0]) as PostgreSqlMajor;
}

interface Instance {
  readonly server: PostgreSqlServer;
  /** Of the master secret, if RDS manages the password. */
  readonly secretArn?: string;
  readonly resourceId: string;
  readonly version: string;
  /** Elements of the description that moto leaves out. */
  readonly forgotten: Record<string, string>;
  /** `Iops` and `StorageThroughput`, where they were given. */
  readonly rates: Record<string, string>;
  /** Parameters that wait for the maintenance window. */
  readonly pending: Record<string, string>;
}

/** @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html */
const POSTPONED = [
  ...['AllocatedStorage', 'CACertificateIdentifier', 'DBInstanceClass', 'DBPortNumber', 'EngineVersion', 'Iops'],
  ...['MultiAZ', 'NewDBInstanceIdentifier', 'StorageThroughput', 'StorageType'],
];

function requestOf(action: RdsAction, parameters: URLSearchParams): RdsRequest {
  // The provider sends an empty DBName where there is none, which RDS takes.
  const text = (name: string) => parameters.get(name) || undefined;
  return {
    action,
    text,
    number: (name) => (text(name) === undefined ? undefined : Number(text(name))),
    flag: (name) => text(name) === 'true',
    list: (name) => [...parameters].filter(([key]) => key.startsWith(`${name}.`)).map(([, value]) => value),
  };
}

function ratesIn(parameters: URLSearchParams): Record<string, string> {
  const names = ['Iops', 'StorageThroughput'].filter((name) => parameters.has(name));
  return Object.fromEntries(names.map((name) => [name, parameters.get(name)!]));
}

/** Parameters of a request whose values moto does not give back, and the elements in which RDS gives them. */
const FORGOTTEN_SETTINGS: Record<string, string> = {
  EnablePerformanceInsights: 'PerformanceInsightsEnabled',
  PerformanceInsightsRetentionPeriod: 'PerformanceInsightsRetentionPeriod',
  PerformanceInsightsKMSKeyId: 'PerformanceInsightsKMSKeyId',
  DatabaseInsightsMode: 'DatabaseInsightsMode',
  MonitoringInterval: 'MonitoringInterval',
  MonitoringRoleArn: 'MonitoringRoleArn',
  MaxAllocatedStorage: 'MaxAllocatedStorage',
  DedicatedLogVolume: 'DedicatedLogVolume',
  NetworkType: 'NetworkType',
};

function forgottenSettings(parameters: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    Object.entries(FORGOTTEN_SETTINGS)
      .filter(([parameter]) => parameters.has(parameter))
      .map(([parameter, element]) => [element, parameters.get(parameter)!]),
  );
}

function describeInstance(instance: Instance, block: string): Record<string, string> {
  const { server, resourceId: id, version, forgotten, rates } = instance;
  return {
    ...{ Address: server.host, Port: String(server.port), DbiResourceId: id, EngineVersion: version },
    ...forgotten,
    ...(elementOf(block, 'StorageType') === 'gp3'
      ? gp3Rates(Number(elementOf(block, 'AllocatedStorage')), rates)
      : rates),
  };
}

/** RDS describes the rates of gp3 storage also where none were given. */
function gp3Rates(storageGiB: number, given: Record<string, string>): Record<string, string> {
  const { iops, throughput } = gp3Baseline(storageGiB);
  return { Iops: String(iops), StorageThroughput: String(throughput), ...given };
}

function withPending(block: string, pending: Record<string, string>): string {
  const elements = Object.entries(pending).map(([name, value]) => {
    const element = { DBPortNumber: 'Port', NewDBInstanceIdentifier: 'DBInstanceIdentifier' }[name] ?? name;
    return `<${element}>${escapeXml(value)}</${element}>`;
  });
  const rest = block.replace(/<PendingModifiedValues>.*?<\/PendingModifiedValues>|<PendingModifiedValues\/>/gs, '');
  return rest.replace(
    '</DBInstance>',
    () => `<PendingModifiedValues>${elements.join('')}</PendingModifiedValues></DBInstance>`,
  );
}

/** The provider keeps only parameters that a customer has set, which moto's answer does not say. */
function markAsCustomers(xml: string): string {
  return xml.replace(/<\/Parameter>/g, '<Source>user</Source></Parameter>');
}

function withBody(answer: AwsResponse, change: (xml: string) => string): AwsResponse {
  return { ...answer, body: Buffer.from(change(answer.body.toString())) };
}

function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, value]) => value);
}

function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

/** The block with these elements; those that it has not yet come at its end. */
function withElements(block: string, elements: Record<string, string>): string {
  return Object.entries(elements).reduce((text, [name, value]) => {
    const element = `<${name}>${escapeXml(value)}</${name}>`;
    const present = new RegExp(`<${name}>[^<]*</${name}>|<${name}/>`);
    return present.test(text)
      ? text.replace(present, () => element)
      : text.replace('</DBInstance>', () => `${element}</DBInstance>`);
  }, block);
}

function resourceId(): string {
  return Array.from({ length: 26 }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[randomInt(32)]).join('');
}

// RDS's own passwords hold anything printable but / @ " ' ` \ and the space.
const PASSWORD_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,-.:;<=>?[]^_{|}~';

function masterPassword(): string {
  return Array.from({ length: 28 }, () => PASSWORD_CHARACTERS[randomInt(PASSWORD_CHARACTERS.length)]).join('');
}

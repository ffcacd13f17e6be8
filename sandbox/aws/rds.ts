import { randomBytes, randomInt } from 'node:crypto';
import * as path from 'node:path';
import { CertificateAuthority } from '../certificate-authority';
import { AwsRequest, AwsResponse, escapeXml, xmlRefusal } from './message';
import { MendedService, Upstream } from './upstream';
import { POSTGRESQL_MAJORS, PostgreSqlMajor } from '../postgresql/program';
import { PostgreSqlServer } from '../postgresql/server';

export interface MendedRdsProps {
  readonly upstream: Upstream;
  readonly certificateAuthority: CertificateAuthority;
  /** For the servers' directories. */
  readonly directory: string;
}

/**
 * RDS, whose emulation makes records of instances and no instances: here each has a real PostgreSQL server behind it,
 * with the master that the request names and, where RDS manages its password, a master secret that holds it.
 */
export class MendedRds implements MendedService {
  readonly name = 'rds';
  private readonly instances = new Map<string, Instance>();
  private started = 0;

  constructor(private readonly props: MendedRdsProps) {}

  /** The servers that run now, by the instances' identifiers. */
  get servers(): PostgreSqlServer[] {
    return [...this.instances.values()].map(({ server }) => server);
  }

  async answer(request: AwsRequest): Promise<AwsResponse> {
    const parameters = new URLSearchParams(request.body.toString());
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
        return mended(await this.forward(request, parameters), markAsCustomers);
      default:
        return this.mendInstances(await this.forward(request, parameters));
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
    const major = Number(version.split('.')[0]) as PostgreSqlMajor;
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
    });
    return this.mendInstances(answer);
  }

  private async modify(request: AwsRequest, parameters: URLSearchParams): Promise<AwsResponse> {
    const identifier = parameters.get('DBInstanceIdentifier')!.toLowerCase();
    const instance = this.instances.get(identifier);
    const version = parameters.get('EngineVersion');
    if (instance && version && Number(version.split('.')[0]) !== instance.server.major) {
      return xmlRefusal(400, 'InvalidParameterCombination', 'The sandbox does not upgrade a server to another major.');
    }
    const rotate = parameters.get('RotateMasterUserPassword') === 'true';
    // moto would ask Secrets Manager for a rotation function, which a secret of RDS's own has not.
    parameters.delete('RotateMasterUserPassword');
    const answer = await this.forward(request, parameters);
    if (answer.status !== 200 || !instance) return answer;

    if (rotate) await this.rotateMasterPassword(identifier);
    const password = parameters.get('MasterUserPassword');
    if (password) await instance.server.changeMasterPassword(password);
    const forgotten = { ...instance.forgotten, ...forgottenSettings(parameters) };
    this.instances.delete(identifier);
    this.instances.set(parameters.get('NewDBInstanceIdentifier')?.toLowerCase() ?? identifier, {
      ...instance,
      forgotten,
      version: version?.includes('.') ? version : instance.version,
    });
    return this.mendInstances(answer);
  }

  private async delete(request: AwsRequest, parameters: URLSearchParams): Promise<AwsResponse> {
    const identifier = parameters.get('DBInstanceIdentifier')!.toLowerCase();
    const answer = await this.mendInstances(await this.forward(request, parameters));
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
    return this.mendInstances(await this.forward(request, parameters));
  }

  private async startServer(
    identifier: string,
    major: PostgreSqlMajor,
    master: { username: string; password: string },
    databaseName: string | undefined,
  ): Promise<PostgreSqlServer> {
    this.started += 1;
    const dataDirectory = path.join(this.props.directory, `${identifier}-${this.started}`);
    const { certificateAuthority } = this.props;
    return PostgreSqlServer.start({ identifier, major, dataDirectory, master, databaseName, certificateAuthority });
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

  private async mendInstances(answer: AwsResponse): Promise<AwsResponse> {
    return mended(answer, (xml) =>
      xml.replace(/<DBInstance>.*?<\/DBInstance>/gs, (block) => {
        const instance = this.instances.get(elementOf(block, 'DBInstanceIdentifier') ?? '');
        return instance ? withElements(block, describeInstance(instance)) : block;
      }),
    );
  }
}

/** What RDS takes where a request names no version. */
const DEFAULT_MAJOR: PostgreSqlMajor = 17;

interface Instance {
  readonly server: PostgreSqlServer;
  /** Of the master secret, if RDS manages the password. */
  readonly secretArn?: string;
  readonly resourceId: string;
  readonly version: string;
  /** Elements of the description that moto leaves out. */
  readonly forgotten: Record<string, string>;
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

function describeInstance({ server, resourceId: id, version, forgotten }: Instance): Record<string, string> {
  return { Address: server.host, Port: String(server.port), DbiResourceId: id, EngineVersion: version, ...forgotten };
}

/** The provider keeps only parameters that a customer has set, which moto's answer does not tell. */
function markAsCustomers(xml: string): string {
  return xml.replace(/<\/Parameter>/g, '<Source>user</Source></Parameter>');
}

async function mended(answer: AwsResponse, mend: (xml: string) => string): Promise<AwsResponse> {
  return { ...answer, body: Buffer.from(mend(answer.body.toString())) };
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

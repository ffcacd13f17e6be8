import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformElement, TerraformStack, Testing } from 'cdktf';
import {
  BackupRetention,
  BackupSchedule,
  BackupStorage,
  DatabaseEngine,
  DatabaseNetwork,
  DatabasePlan,
  ManagedDatabase,
  ScheduledBackup,
  StorageCredentials,
} from '../../src';

export interface Resource {
  readonly address: string;
  readonly type: string;
  /** Path of the construct that made it. */
  readonly path: string;
  readonly body: any;
}

/** A stack as Terraform gets it. */
export class Synthesized {
  static of(stack: TerraformStack): Synthesized {
    const paths = new Map(
      stack.node
        .findAll()
        .filter((node): node is TerraformElement => TerraformElement.isTerraformElement(node))
        .map((element) => [element.friendlyUniqueId, element.node.path]),
    );
    return new Synthesized(JSON.parse(Testing.synth(stack)), paths);
  }

  readonly resources: Resource[];

  private constructor(
    readonly json: any,
    paths: Map<string, string>,
  ) {
    this.resources = ['resource', 'data'].flatMap((kind) =>
      Object.entries<Record<string, any>>(json[kind] ?? {}).flatMap(([type, bodies]) =>
        Object.entries(bodies).map(([name, body]) => ({
          address: `${kind === 'data' ? 'data.' : ''}${type}.${name}`,
          type,
          path: paths.get(name)!,
          body,
        })),
      ),
    );
  }

  all(type: string): Resource[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  one(type: string, path?: string): Resource {
    const matching = this.all(type).filter((resource) => path === undefined || resource.path.includes(path));
    const managed = matching.filter(({ address }) => !address.startsWith('data.'));
    const found = managed.length === 1 ? managed : matching;
    if (found.length !== 1) {
      throw new Error(
        `one ${type} ${path ?? ''} expected, found: ${found.map((resource) => resource.path).join(', ')}`,
      );
    }
    return found[0];
  }

  /** Everything that Terraform finishes before it starts on a resource. */
  before(resource: Resource): Set<string> {
    const seen = new Set<string>();
    const visit = (current: Resource) => {
      const { lifecycle, ...rest } = current.body;
      const text = JSON.stringify({ ...rest, precondition: lifecycle?.precondition });
      for (const other of this.resources) {
        if (!seen.has(other.address) && new RegExp(`\\b${other.address}\\b`).test(text) && other !== current) {
          seen.add(other.address);
          visit(other);
        }
      }
    };
    visit(resource);
    return seen;
  }
}

export function newStack(): TerraformStack {
  const stack = new TerraformStack(new App({ skipValidation: true }), 'stack');
  new AwsProvider(stack, 'aws', { region: 'eu-central-1' });
  return stack;
}

export const NETWORK = DatabaseNetwork.of({ vpcId: 'vpc-00000001', subnetIds: ['subnet-0000000a', 'subnet-0000000b'] });
export const SECRET_ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:storage-AbCdEf';

export function newDatabase(stack: TerraformStack, id = 'Orders', props: object = {}): ManagedDatabase {
  return new ManagedDatabase(stack, id, {
    identifier: 'orders',
    engine: DatabaseEngine.postgres('17'),
    plan: DatabasePlan.SMALL,
    network: NETWORK,
    ...props,
  });
}

export function newStorage(props: object = {}): BackupStorage {
  return BackupStorage.s3Compatible({
    endpoint: 'https://s3.example.com',
    bucket: 'company-backups',
    path: '/production',
    credentials: StorageCredentials.fromSecret(SECRET_ARN),
    ...props,
  });
}

export function newScheduledBackup(
  stack: TerraformStack,
  database = newDatabase(stack) as any,
  props: object = {},
  id = 'Backup',
): ScheduledBackup {
  return new ScheduledBackup(stack, id, {
    database,
    storage: newStorage(),
    schedule: BackupSchedule.daily(),
    retention: BackupRetention.days(30),
    ...props,
  });
}

/** The request in an `input`, each Terraform expression as the text `${…}`. */
export function requestOf(input: string): any {
  const opening = '${jsonencode(';
  let json = '';
  let rest = input;
  for (let start = rest.indexOf(opening); start >= 0; start = rest.indexOf(opening)) {
    const end = closing(rest, start + opening.length);
    json += rest.slice(0, start) + JSON.stringify(`\${${rest.slice(start + opening.length, end)}}`);
    rest = rest.slice(end + ')}'.length);
  }
  return JSON.parse(json + rest);
}

/** Where the parenthesis that was opened before `from` is closed. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let index = from; index < text.length; index++) {
    depth += text[index] === '(' ? 1 : text[index] === ')' ? -1 : 0;
    if (depth === 0) {
      return index;
    }
  }
  throw new Error(`a parenthesis stays open in ${text}`);
}

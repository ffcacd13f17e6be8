import { mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { ZipFile } from 'yazl';
import { DeployedParts, deployedParts, differences } from './deployed-parts';
import { DeploymentOptions } from '../../../sandbox/app';
import { Upstream } from '../../../sandbox/aws/upstream';
import { PostgreSqlServer } from '../../../sandbox/postgresql/server';
import { Finished } from '../../../sandbox/process';
import { Sandbox } from '../../../sandbox/sandbox';

/**
 * The databases of the app, by the kind of their backups' credentials. All were brought in, but the declared one, whose
 * credentials are keys too.
 */
export const KINDS = ['keys', 'secret', 'role', 'declared'] as const;
export type Kind = (typeof KINDS)[number];

export type Breakage = 'storage' | 'credentials' | 'program';

/** What can be broken of which database. A role has no credentials that could be wrong. */
export const STORIES: readonly { readonly breakage: Breakage; readonly kind: Kind }[] = [
  ...KINDS.map((kind) => ({ breakage: 'storage' as const, kind })),
  ...KINDS.filter((kind) => kind !== 'role').map((kind) => ({ breakage: 'credentials' as const, kind })),
  ...KINDS.map((kind) => ({ breakage: 'program' as const, kind })),
];

/** Settings A, broken settings B twice, and A again, of one database. */
export interface Story {
  readonly breakage: Breakage;
  readonly kind: Kind;
  /** What did not hold, in words. */
  readonly faults: readonly string[];
}

export interface StoriesResult {
  readonly held: number;
  readonly total: number;
  readonly stories: readonly Story[];
}

/** Tells every story, in a sandbox of its own. @throws where settings A do not work to begin with */
export async function runStories(onProgress: (step: string) => void = () => undefined): Promise<StoriesResult> {
  const sandbox = await Sandbox.start({ onProgress });
  const world = new World(sandbox, onProgress);
  try {
    await world.prepare();
    const stories: Story[] = [];
    for (const breakage of ['storage', 'credentials', 'program'] as const) {
      stories.push(...(await world.run(breakage)));
    }
    return { held: stories.filter(({ faults }) => faults.length === 0).length, total: stories.length, stories };
  } finally {
    await world.stop();
    await sandbox.stop();
  }
}

/** What an error says where something is broken so. */
const EXPECTED_ERRORS: Record<Breakage, RegExp> = {
  storage: /"errorType":"ConnectionTestFailed".*\(bucket-or-path\)/,
  credentials: /"errorType":"ConnectionTestFailed".*\(authentication\)/,
  program: /"errorMessage":"this program is broken"/,
};

/**
 * Whether the way back needs an apply: before a test can fail, Terraform has then written what the test looks at (the
 * keys into their secret, a role's grant for the other bucket, a new version of the function).
 */
function writesBeforeTheTest({ breakage, kind }: { breakage: Breakage; kind: Kind }): boolean {
  switch (breakage) {
    case 'storage':
      return kind === 'role';
    case 'credentials':
      return kind !== 'secret';
    case 'program':
      return true;
  }
}

/** What a test with broken settings may itself ask for. It comes beside the old grant, and gives nothing else. */
function newGrant(story: { breakage: Breakage; kind: Kind }): RegExp | undefined {
  const { breakage, kind } = story;
  if (breakage === 'program' || !writesBeforeTheTest(story)) return undefined;
  const [action, resource] =
    kind === 'role'
      ? ['("s3:\\w+Object",?)+', 'arn:aws:s3:::no-such-bucket/backups/\\*']
      : [
          '"secretsmanager:GetSecretValue"',
          `arn:aws:secretsmanager:[^"*]*:secret:orders-${kind}-backup-storage-[^"*]+`,
        ];
  return new RegExp(`"Statement":\\[{"Action":\\[${action}],"Effect":"Allow","Resource":\\["${resource}"]}]`);
}

const BUCKET = 'company-backups';

class World {
  private readonly servers: PostgreSqlServer[] = [];
  private readonly secrets: SecretsManagerClient;
  private variables: Record<string, unknown> = {};
  private storageSecret = '';
  private goodVersion = '';
  private brokenProgram = '';

  constructor(
    private readonly sandbox: Sandbox,
    private readonly onProgress: (step: string) => void,
  ) {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = sandbox.environment();
    const { endpoint, region } = sandbox;
    this.secrets = new SecretsManagerClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  }

  /** Deploys settings A; every schedule then makes a backup, and a second plan is empty. */
  async prepare(): Promise<void> {
    this.onProgress('Deploying settings A');
    const { sandbox } = this;
    const { storage } = sandbox;
    const bucket = await storage.createBucketWithKeys(BUCKET, 'backups');
    await new Upstream(sandbox.endpoint, sandbox.region).call('s3', 'PUT', `/${BUCKET}`);
    const secret = await this.secrets.send(
      new CreateSecretCommand({ Name: 'storage', SecretString: JSON.stringify(bucket.keys) }),
    );
    this.storageSecret = secret.ARN!;
    this.goodVersion = secret.VersionId!;
    this.brokenProgram = path.join(sandbox.directory, 'broken.zip');
    await writeFile(this.brokenProgram, await brokenProgram());

    const master = { username: 'postgres', password: 'password-of-the-master' };
    const masterSecret = await this.secrets.send(
      new CreateSecretCommand({ Name: 'master', SecretString: JSON.stringify(master) }),
    );
    this.variables = {
      ...(await sandbox.programVariables(bucket)),
      master_secret_arn: masterSecret.ARN,
      storage_secret_arn: this.storageSecret,
    };
    for (const kind of KINDS.filter((each) => each !== 'declared')) {
      const dataDirectory = path.join(sandbox.directory, 'existing', kind);
      await mkdir(dataDirectory, { recursive: true });
      const { certificateAuthority } = sandbox;
      const server = await PostgreSqlServer.start({
        ...{ identifier: `orders-${kind}`, major: 17, dataDirectory, master, certificateAuthority },
      });
      this.servers.push(server);
      this.variables[`port_${kind}`] = server.port;
    }

    demandNone([...successErrors(await this.terraform('apply')), ...planErrors(await this.terraform('plan'))]);
    demandNone((await this.forEach(KINDS, (kind) => this.firingErrors(kind))).flat());
  }

  async run(breakage: Breakage): Promise<Story[]> {
    const stories = STORIES.filter((story) => story.breakage === breakage).map((story) => ({
      ...story,
      faults: [] as string[],
    }));
    const kinds = stories.map(({ kind }) => kind);
    const before = await this.parts(kinds);
    const note = (moment: string, faults: string[][]) =>
      faults.forEach((each, index) => stories[index].faults.push(...each.map((fault) => `${moment}: ${fault}`)));

    const broken = await this.break(breakage);
    for (const moment of ['B', 'B once more']) {
      this.onProgress(`Breaking the ${breakage}: ${moment}`);
      const applied = await this.terraform('apply', broken);
      note(
        moment,
        kinds.map((kind) => failureErrors(applied, kind, EXPECTED_ERRORS[breakage])),
      );
      const after = await this.parts(kinds);
      note(
        moment,
        stories.map((story, index) => differences(before[index], after[index], newGrant(story))),
      );
      note(moment, await this.forEach(kinds, (kind) => this.firingErrors(kind)));
    }

    this.onProgress(`Mending the ${breakage}`);
    await this.mend(breakage);
    if (!stories.every(writesBeforeTheTest)) {
      const planned = await this.terraform('plan');
      note(
        'back to A, before any apply',
        stories.map((story) => (writesBeforeTheTest(story) ? [] : planErrors(planned, story.kind))),
      );
    }
    const applied = await this.terraform('apply');
    const again = await this.terraform('plan');
    const after = await this.parts(kinds);
    note(
      'back to A',
      stories.map((story, index) => [
        ...successErrors(applied),
        ...planErrors(again, story.kind),
        ...(writesBeforeTheTest(story) ? [] : differences(before[index], after[index])),
      ]),
    );
    note('back to A', await this.forEach(kinds, (kind) => this.firingErrors(kind)));
    return stories;
  }

  async stop(): Promise<void> {
    this.secrets.destroy();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  /** Settings B: what Terraform is given, and what somebody does past it. */
  private async break(breakage: Breakage): Promise<DeploymentOptions> {
    switch (breakage) {
      case 'storage':
        return { environment: { STORIES_BROKEN: 'storage' } };
      case 'program':
        return { environment: { STORIES_PROGRAM: this.brokenProgram } };
      case 'credentials': {
        const wrong = { accessKeyId: this.variables.storage_access_key_id, secretAccessKey: 'wrong' };
        await this.secrets.send(
          new PutSecretValueCommand({ SecretId: this.storageSecret, SecretString: JSON.stringify(wrong) }),
        );
        return { variables: { storage_secret_access_key: 'wrong' } };
      }
    }
  }

  /** Beside Terraform. A secret goes back to the version that was good. */
  private async mend(breakage: Breakage): Promise<void> {
    if (breakage !== 'credentials') return;
    const SecretId = this.storageSecret;
    const { VersionIdsToStages = {} } = await this.secrets.send(new DescribeSecretCommand({ SecretId }));
    const [wrong] = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT'))!;
    await this.secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: this.goodVersion,
        RemoveFromVersionId: wrong,
      }),
    );
  }

  private async terraform(
    verb: 'apply' | 'plan',
    { variables, environment }: DeploymentOptions = {},
  ): Promise<Finished> {
    return this.sandbox[verb](__dirname, { variables: { ...this.variables, ...variables }, environment });
  }

  /** One fires while the others do: each has a server and a function of its own. */
  private async forEach<T>(kinds: readonly Kind[], work: (kind: Kind) => Promise<T>): Promise<T[]> {
    return Promise.all(kinds.map(work));
  }

  private async parts(kinds: readonly Kind[]): Promise<DeployedParts[]> {
    return this.forEach(kinds, (kind) => deployedParts(this.sandbox, `orders-${kind}`));
  }

  private async firingErrors(kind: Kind): Promise<string[]> {
    const { payload, functionError } = await this.sandbox.fire(`orders-${kind}-backup`);
    return functionError === undefined && JSON.parse(payload).outcome === 'Completed'
      ? []
      : [`the schedule made no backup: ${payload}`];
  }
}

function successErrors({ exitCode, output }: Finished): string[] {
  return exitCode === 0 ? [] : [`the apply failed: ${errorsIn(output)}`];
}

function failureErrors({ exitCode, output }: Finished, kind: Kind, expected: RegExp): string[] {
  const errors = output.split('\n').filter((line) => line.includes(`Lambda Function (orders-${kind}-backup)`));
  return exitCode !== 0 && errors.some((line) => expected.test(line))
    ? []
    : [`no such error as ${expected} is in: ${errors.join('\n') || errorsIn(output)}`];
}

/** From its first error on; all of it where there is none. */
function errorsIn(output: string): string {
  return output.slice(Math.max(0, output.indexOf('Error: ')));
}

/** What a plan would change, of one database or of all. */
function planErrors({ exitCode, output }: Finished, kind?: Kind): string[] {
  if (exitCode === 0) return [];
  const changes = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^# .* (will|must) be /.test(line));
  if (exitCode !== 2 || changes.length === 0) return [`the plan failed: ${errorsIn(output)}`];
  return changes.filter((line) => kind === undefined || new RegExp(`\\.${kind}_`, 'i').test(line));
}

function demandNone(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(`Settings A do not work to begin with.\n${faults.join('\n')}`);
}

async function brokenProgram(): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from("throw new Error('this program is broken');"), 'index.js');
  zip.end();
  return buffer(zip.outputStream);
}

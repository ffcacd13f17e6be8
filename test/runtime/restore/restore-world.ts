import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CertificateAuthority } from '../../../sandbox/certificate-authority';
import { ComparedServer } from '../../../sandbox/compare-databases';
import { PostgreSqlMajor } from '../../../sandbox/postgresql/program';
import { DatabaseMaster } from '../../../sandbox/postgresql/rds-bootstrap';
import { PostgreSqlServer, PostgreSqlServerProps } from '../../../sandbox/postgresql/server';
import { DatabaseSettings } from '../../../src/contract/database-settings';
import { BackupSelector, RestoreRequest, RestoreSource } from '../../../src/contract/requests';
import { Runtime } from '../../../src/runtime/runtime';
import { masterClient, runStatements } from '../../support/statements';
import { RealWorld } from '../real-world';

const TARGET_SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:target';

/** A real world with a second server: what a restore meets. */
export class RestoreWorld {
  static async start(
    source: RealWorld,
    major: PostgreSqlMajor,
    master: DatabaseMaster,
    more: Partial<PostgreSqlServerProps> = {},
  ): Promise<RestoreWorld> {
    const directory = await mkdtemp(path.join(tmpdir(), 'restore-world-'));
    await chmod(directory, 0o711);
    const authority = await CertificateAuthority.create(path.join(directory, 'authority'));
    const target = await PostgreSqlServer.start({
      identifier: 'shop-restored',
      major,
      dataDirectory: path.join(directory, 'server'),
      master,
      databaseName: 'shop',
      certificateAuthority: authority,
      ...more,
    });
    // Each server has an authority of its own; the program trusts both.
    const trusted = path.join(directory, 'trusted.pem');
    await writeFile(trusted, `${await readFile(source.server.caFile, 'utf8')}${await readFile(target.caFile, 'utf8')}`);
    process.env.PGSSLROOTCERT = trusted;
    return new RestoreWorld(directory, source, target, trusted);
  }

  private constructor(
    private readonly directory: string,
    readonly source: RealWorld,
    readonly target: PostgreSqlServer,
    private readonly trusted: string,
  ) {}

  restoreSource(backup: BackupSelector = { kind: 'latest' }): RestoreSource {
    return { storage: this.source.storageSettings, database: this.source.server.identifier, backup };
  }

  request(backup?: BackupSelector): RestoreRequest {
    return { action: 'restore', source: this.restoreSource(backup), target: this.targetSettings };
  }

  get targetSettings(): DatabaseSettings {
    return {
      identifier: this.target.identifier,
      endpoint: `${this.target.host}:${this.target.port}`,
      credentials: { kind: 'secret', secretArn: TARGET_SECRET },
      plan: this.source.databaseSettings.plan,
    };
  }

  runtime(overrides: Partial<Runtime> = {}): Runtime {
    const base = this.source.runtime();
    const read = async (arn: string) =>
      arn === TARGET_SECRET ? JSON.stringify(this.target.master) : base.secrets.read(arn);
    return { ...base, secrets: { read }, ...overrides };
  }

  get compared(): [ComparedServer, ComparedServer] {
    return [this.comparedServer(this.source.server), this.comparedServer(this.target)];
  }

  /** Runs statements as the target's master; gives the rows of the last one. */
  async sql(database: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
    return runStatements(await masterClient(this.target, database, this.trusted), statements);
  }

  async stop(): Promise<void> {
    await this.target.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  private comparedServer({ host, port, master }: PostgreSqlServer): ComparedServer {
    return { host, port, user: master.username, password: master.password, caFile: this.trusted };
  }
}

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { PostgreSqlServer, PostgreSqlServerProps } from '../../sandbox/postgresql/server';

/** A server as on RDS in a temporary directory, and what stops it and deletes the directory. */
export interface TemporaryServer {
  readonly server: PostgreSqlServer;
  stop(): Promise<void>;
}

/** Starts a server that has a certificate authority of its own. */
export async function startServer({
  identifier,
  major = 17,
  master = { username: 'shopmaster', password: 'secret' },
  databaseName,
}: Pick<PostgreSqlServerProps, 'identifier' | 'databaseName'> &
  Partial<Pick<PostgreSqlServerProps, 'major' | 'master'>>): Promise<TemporaryServer> {
  const directory = await mkdtemp(path.join(tmpdir(), `${identifier}-`));
  // The server may run as another user, who must be able to reach its files.
  await chmod(directory, 0o711);
  const server = await PostgreSqlServer.start({
    identifier,
    major,
    dataDirectory: path.join(directory, 'server'),
    master,
    databaseName,
    certificateAuthority: await CertificateAuthority.create(path.join(directory, 'authority')),
  });
  const stop = async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { server, stop };
}

import { ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { endChild, finish, freePort, until } from '../../sandbox/process';
import { StorageKeys } from '../../src/runtime/storage/s3-client';

/** What the machine has to have: `apt-get install --no-install-recommends ceph-mon ceph-osd radosgw`. */
export const CEPH_PACKAGES = ['ceph-mon', 'ceph-osd', 'radosgw'];

/** Milliseconds for the gateway to answer; it takes about 12 seconds on a machine with two cores. */
const READY_WITHIN = 400_000;

/**
 * Ceph's RADOS gateway over a cluster of one node that keeps its data in memory: an S3 store that shares no line of
 * code with the others. It listens on 127.0.0.1 only and is gone without a trace when stopped.
 */
export class CephGateway {
  /** @throws with the packages to install, or with the end of a log */
  static async start(): Promise<CephGateway> {
    const gateway = new CephGateway(await mkdtemp(path.join(tmpdir(), 'ceph-')), await freePort());
    try {
      await gateway.startMonitor();
      await gateway.startObjectStore();
      await gateway.startGateway();
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    return gateway;
  }

  private readonly children: ChildProcess[] = [];

  private constructor(
    private readonly directory: string,
    private readonly port: number,
  ) {}

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async createUser(name: string): Promise<StorageKeys> {
    const output = await this.run('radosgw-admin', ['user', 'create', `--uid=${name}`, `--display-name=${name}`]);
    const { keys } = JSON.parse(output.slice(output.indexOf('{'))) as {
      keys: [{ access_key: string; secret_key: string }];
    };
    return { accessKeyId: keys[0].access_key, secretAccessKey: keys[0].secret_key };
  }

  async stop(): Promise<void> {
    for (const child of this.children.reverse()) {
      await endChild(child);
    }
    await rm(this.directory, { recursive: true });
  }

  private async startMonitor(): Promise<void> {
    const [v2, v1] = [await freePort(), await freePort()];
    const monitorMap = path.join(this.directory, 'monmap');
    const addresses = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`;
    const fsid = randomUUID();
    await writeFile(path.join(this.directory, 'ceph.conf'), configuration(this.directory, fsid, addresses));
    await this.run('monmaptool', ['--create', '--addv', 'a', addresses, '--fsid', fsid, monitorMap]);
    await this.run('ceph-mon', ['--mkfs', '-i', 'a', '--monmap', monitorMap]);
    await this.serve('ceph-mon', ['-i', 'a', '-f']);
  }

  private async startObjectStore(): Promise<void> {
    const uuid = randomUUID();
    await mkdir(path.join(this.directory, 'osd'));
    await this.run('ceph', ['osd', 'new', uuid]);
    await this.run('ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', uuid]);
    await this.serve('ceph-osd', ['-i', '0', '-f']);
  }

  private async startGateway(): Promise<void> {
    const frontend = `beast endpoint=127.0.0.1:${this.port}`;
    await this.serve('radosgw', ['-n', 'client.gateway', '-f', '--rgw-frontends', frontend]);
    await until(() => this.answers(), {
      within: READY_WITHIN,
      otherwise: () => `Ceph's gateway did not answer within ${READY_WITHIN / 1000} seconds.`,
    });
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      get(this.endpoint, (answer) => resolve(answer.resume().statusCode === 200)).on('error', () => resolve(false));
    });
  }

  private async run(command: string, args: string[]): Promise<string> {
    const { exitCode, output } = await finish(command, [...args, '-c', path.join(this.directory, 'ceph.conf')]).catch(
      (error: Error) => {
        throw new Error(`${error.message}: install the Debian packages ${CEPH_PACKAGES.join(', ')}.`);
      },
    );
    if (exitCode !== 0) {
      throw new Error(`${command} ended with ${exitCode}:\n${output}`);
    }
    return output;
  }

  private async serve(command: string, args: string[]): Promise<void> {
    const log = await open(path.join(this.directory, `${command}.log`), 'a');
    this.children.push(
      spawn(command, [...args, '-c', path.join(this.directory, 'ceph.conf')], { stdio: ['ignore', log.fd, log.fd] }),
    );
    await log.close();
  }
}

/** One of everything, no replicas, no authentication inside: nothing but this process's children talks to it. */
function configuration(directory: string, fsid: string, monitors: string): string {
  return `
[global]
fsid = ${fsid}
mon_host = ${monitors}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
# The gateway asks for encryption by itself, for which there is no key without authentication.
ms_mon_client_mode = crc
run_dir = ${directory}
pid_file = ${directory}/$name.pid
admin_socket = ${directory}/$name.$pid.asok
log_file = ${directory}/$name.log
crash_dir = ${directory}
mon_data = ${directory}/mon
osd_data = ${directory}/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
rgw_data = ${directory}
rgw_enable_usage_log = false
`;
}

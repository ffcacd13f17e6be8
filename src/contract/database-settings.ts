/** The size of a database, as a plan promises it. */
export interface PlanSize {
  readonly name: string;
  readonly vcpu: number;
  /** Memory in GiB. */
  readonly memoryGib: number;
  /** Storage in GiB. */
  readonly storageGib: number;
}

/**
 * Where the name and the password of the master user come from: a Secrets Manager secret that holds
 * `{"username", "password"}`, or, for runs from a terminal, `PGUSER` and `PGPASSWORD`.
 */
export type DatabaseCredentialsSource =
  { readonly kind: 'secret'; readonly secretArn: string } | { readonly kind: 'environment' };

/** Everything that the program needs to know to reach a database server; no secret in it. */
export interface DatabaseSettings {
  /** The identifier, which names the folder of its backups. */
  readonly identifier: string;
  /** `host:port`. */
  readonly endpoint: string;
  readonly credentials: DatabaseCredentialsSource;
  readonly plan: PlanSize;
  /** Certificate authority of the server, in PEM. Absent: those of RDS. */
  readonly caCertificate?: string;
}

/** Whether a plan is enough for what another one held: each of vCPU, memory and storage at least the other's. */
export function planIsAtLeast(plan: PlanSize, other: PlanSize): boolean {
  return plan.vcpu >= other.vcpu && plan.memoryGib >= other.memoryGib && plan.storageGib >= other.storageGib;
}

/** The host and the port of an endpoint `host:port`. */
export function hostAndPort(endpoint: string): { readonly host: string; readonly port: number } {
  const colon = endpoint.lastIndexOf(':');
  const host = endpoint.slice(0, colon);
  const port = Number(endpoint.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`A database endpoint is host:port with a port from 1 to 65535; got ${JSON.stringify(endpoint)}.`);
  }
  return { host, port };
}

import { CreatedBucket } from './storage';

/** Values of a program's Terraform variables by the names that the examples give them; a program declares those that it reads. */
export type ProgramVariables = Readonly<Record<string, unknown>>;

/** Where the databases of a program can be, and how it reaches the storage. */
export interface ProgramSurroundings {
  readonly network: { readonly vpcId: string; readonly subnetIds: string[] };
  readonly storage: { readonly endpoint: string; readonly caPem: string };
}

export function surroundingsVariables({ network, storage }: ProgramSurroundings): ProgramVariables {
  return {
    vpc_id: network.vpcId,
    subnet_ids: network.subnetIds,
    storage_endpoint: storage.endpoint,
    storage_ca_certificate: storage.caPem,
  };
}

/** A bucket and its keys. */
export function bucketVariables({ bucket, keys }: CreatedBucket): ProgramVariables {
  return {
    storage_bucket: bucket,
    storage_access_key_id: keys.accessKeyId,
    storage_secret_access_key: keys.secretAccessKey,
  };
}

/** The same in the environment, where Terraform ignores those that a program does not declare. */
export function inEnvironment(variables: ProgramVariables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      `TF_VAR_${name}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

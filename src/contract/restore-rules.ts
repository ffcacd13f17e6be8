import { PlanSize } from './database-settings';
import { Manifest } from './manifest';
import { RDS_EXTENSIONS_SOURCE, rdsOffersExtension } from './rds-extensions';
import { RestoreTarget } from './requests';

const GIB = 1024 ** 3;

/** What of a plan must be at least what the source had. */
const DIMENSIONS: readonly { readonly name: string; readonly unit: string; of(plan: PlanSize): number }[] = [
  { name: 'vCPU', unit: 'vCPU', of: (plan) => plan.vcpu },
  { name: 'memory', unit: 'GiB', of: (plan) => plan.memoryGib },
  { name: 'storage', unit: 'GiB', of: (plan) => plan.storageGib },
];

/** The rules that a target breaks, each with its numbers and the remedy. Empty if it can be restored into. */
export function targetErrors(
  manifest: Pick<Manifest, 'engine' | 'plan' | 'databases'>,
  target: RestoreTarget,
): string[] {
  const errors = DIMENSIONS.filter(({ of }) => of(target.plan) < of(manifest.plan)).map(
    ({ name, unit, of }) =>
      `The plan must be at least the source's: ${name} is ${of(target.plan)} ${unit} in plan ${target.plan.name}, ` +
      `${of(manifest.plan)} ${unit} in the source's ${manifest.plan.name}. Choose a larger plan.`,
  );
  const bytes = databaseBytes(manifest);
  if (bytes > target.plan.storageGib * GIB) {
    errors.push(
      `The storage must hold the databases: ${target.plan.storageGib} GiB in plan ${target.plan.name}, ` +
        `${Math.ceil((bytes / GIB) * 10) / 10} GiB of databases. Choose a plan with more storage.`,
    );
  }
  if (target.engineMajor < manifest.engine.serverMajor) {
    errors.push(
      `The engine must be at least as new as the source's: PostgreSQL ${target.engineMajor}, the backup is of ` +
        `${manifest.engine.serverVersion}. Choose PostgreSQL ${manifest.engine.serverMajor} or newer.`,
    );
  }
  for (const database of manifest.databases) {
    const missing = database.extensions.filter(({ name }) => !rdsOffersExtension(name, target.engineMajor));
    if (missing.length > 0) {
      errors.push(
        `RDS must offer the extensions of the source: for PostgreSQL ${target.engineMajor} it has no ` +
          `${missing.map(({ name }) => name).join(', ')}, which database ${database.name} uses ` +
          `(${RDS_EXTENSIONS_SOURCE}). Choose a version that has them, or drop them at the source and back up again.`,
      );
    }
  }
  return errors;
}

/** Size of all databases together, as the source told it. */
export function databaseBytes(manifest: Pick<Manifest, 'databases'>): number {
  return manifest.databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

import { BackupId } from './backup-id';
import { LAMBDA_MAXIMUM_MIB } from './lambda-limits';

const MIB = 1024 * 1024;

/** What a drill writes besides the databases: the empty server, its log, and files of the restore on their way. */
const FIXED_BYTES = 384 * MIB;

/** Temporary files of sorts and what is loaded but not yet vacuumed, on top of the size that the source had. */
const PER_DATABASE_BYTE = 1.2;

/** Bytes of disk that a drill needs for databases of this size. */
export function drillDiskBytes(databaseBytes: number): number {
  return FIXED_BYTES + databaseBytes * PER_DATABASE_BYTE;
}

export function describeLackOfDisk(backup: BackupId, neededBytes: number, freeBytes: number): string {
  const mib = (bytes: number) => `${Math.ceil(bytes / MIB)} MiB`;
  const remedy =
    neededBytes <= LAMBDA_MAXIMUM_MIB * MIB
      ? 'Give the function a larger disk (ephemeral storage), or run the drill with the command line where there is more room'
      : `Lambda gives a function at most ${LAMBDA_MAXIMUM_MIB} MiB. Run the drill with the command line where there is more room`;
  return (
    `A drill of backup ${backup} needs ${mib(neededBytes)} of disk, and ${mib(freeBytes)} are free. ${remedy} ` +
    '(cdktf-managed-database drill). Nothing was read from the backup but its manifest.'
  );
}

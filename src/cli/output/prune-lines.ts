import { PruneAnswer } from '../../contract/requests';

/** What was deleted, or would be, and how many completed backups stay. */
export function pruneLines({ deleted, kept, note }: PruneAnswer, dryRun = false): string[] {
  return [
    ...(deleted.length === 0 ? [] : [dryRun ? 'Expired:' : 'Deleted:', ...deleted.map((id) => `  ${id}`)]),
    ...(note === undefined ? [] : [note]),
    `Kept: ${kept} completed.`,
  ];
}

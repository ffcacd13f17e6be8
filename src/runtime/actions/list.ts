import { CatalogEntry } from '../../contract/catalog';
import { BackupSummary, ListAnswer, ListRequest } from '../../contract/requests';
import { BackupFolder } from '../folder/backup-folder';
import { Runtime } from '../runtime';

/** Most bytes of the backups in one answer, as JSON: well below the 6 MB that an answer of Lambda may have. */
export const MAXIMUM_PAGE_BYTES = 4_000_000;

/** The backups of a database, newest first, in pages. */
export async function list(request: ListRequest, runtime: Runtime): Promise<ListAnswer> {
  const folder = await BackupFolder.open(request, runtime);
  const catalog = await folder.readCatalog();
  if (!catalog) {
    return { backups: [] };
  }
  const page = { owner: catalog.owner, ...pageOf(catalog.entries, request.before) };
  return request.proofs ? { ...page, backups: await withProofs(folder, page.backups) } : page;
}

/** Proofs are read of so many backups of a page, the newest ones. */
const MOST_PROOFS = 500;

const CONCURRENT_READS = 16;

async function withProofs(folder: BackupFolder, backups: readonly BackupSummary[]): Promise<BackupSummary[]> {
  const result = [...backups];
  const completed = backups.flatMap(({ state }, index) => (state === 'Completed' ? [index] : []));
  const left = completed.slice(0, MOST_PROOFS).values();
  const readInTurn = async () => {
    for (const index of left) {
      const proof = await folder.readProof(backups[index].backup);
      if (proof === undefined) continue;
      const { state, reason, endedAt, durations, processors } = proof;
      result[index] = { ...backups[index], proof: { state, reason, endedAt, durations, processors } };
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, readInTurn));
  return result;
}

/** The page of summaries that come before (are older than) an id. */
export function pageOf(
  entries: readonly CatalogEntry[],
  before: string | undefined,
  maximumBytes = MAXIMUM_PAGE_BYTES,
): Pick<ListAnswer, 'backups' | 'next'> {
  const summaries = entries
    .filter((entry) => before === undefined || entry.id < before)
    .map(summaryOf)
    .filter((summary) => summary !== undefined)
    .reverse();
  const backups: BackupSummary[] = [];
  let bytes = 0;
  for (const summary of summaries) {
    bytes += Buffer.byteLength(JSON.stringify(summary)) + 1;
    // At least one, so that every page gets on.
    if (bytes > maximumBytes && backups.length > 0) {
      return { backups, next: backups.at(-1)!.backup };
    }
    backups.push(summary);
  }
  return { backups };
}

function summaryOf(entry: CatalogEntry): BackupSummary | undefined {
  const { id, state, startedAt, endedAt, storedBytes, databaseBytes, serverVersion, reason } = entry;
  return state === 'Deleting'
    ? undefined
    : { backup: id, state, startedAt, endedAt, storedBytes, databaseBytes, serverVersion, reason };
}

import { StorageAnswer } from './s3-client';
import { diagnoseStorage } from '../../contract/diagnosis/diagnose';
import { isKind } from '../../contract/diagnosis/error-kinds';
import { Fault, StorageContext } from '../../contract/diagnosis/fault';
import { OperationResult } from '../../contract/diagnosis/operation-result';
import { describeOwner, LOCAL_ACCOUNT, Owner, sameOwner } from '../../contract/owner';

/** Longest catalog that is read for its owner. */
const MAXIMUM_CATALOG_BYTES = 32 * 1024 * 1024;

/** The owner that the catalogs of a folder name. */
export class CatalogOwner {
  static unknown(): CatalogOwner {
    return new CatalogOwner(undefined, undefined, []);
  }

  constructor(
    private readonly foreign: { readonly owner: Owner; readonly me: Owner; readonly key: string } | undefined,
    /** Why a catalog could not be read. */
    private readonly unread: OperationResult | undefined,
    readonly warnings: readonly string[],
  ) {}

  fault(context: StorageContext): Fault | undefined {
    if (this.unread !== undefined) {
      return diagnoseStorage({ GET: this.unread }, context);
    }
    if (this.foreign === undefined) {
      return undefined;
    }
    const { owner, me, key } = this.foreign;
    const terminal = me.account === LOCAL_ACCOUNT ? ' To test as the deployed function does, give --schedule.' : '';
    return {
      faultClass: 'bucket-or-path',
      operations: [],
      summary: `The folder belongs to ${describeOwner(owner)}, as ${key} says; this is ${describeOwner(me)}.`,
      remedy: `Give each database a path or an identifier of its own.${terminal}`,
    };
  }
}

/**
 * Reads the catalogs for an owner other than this one. The folder can be read, so a denied catalog is a missing one, and
 * a folder without a catalog has no owner.
 */
export async function findForeignOwner(
  catalogs: readonly string[],
  me: Owner,
  get: (key: string, maximumBytes: number) => Promise<StorageAnswer>,
): Promise<CatalogOwner> {
  const answers = await Promise.all(
    catalogs.map(async (key) => ({ key, answer: await get(key, MAXIMUM_CATALOG_BYTES) })),
  );
  const unread = answers.find(({ answer }) => !isKind(answer.result, 'done', 'missing', 'denied'));
  if (unread !== undefined) {
    return new CatalogOwner(undefined, unread.answer.result, []);
  }
  const present = answers.filter(({ answer }) => answer.bytes !== undefined);
  const readable = present
    .map(({ key, answer }) => ({ key, catalog: parseCatalog(answer.bytes!) }))
    .flatMap(({ key, catalog }) => (catalog === undefined ? [] : [{ key, ...catalog }]))
    .sort((one, other) => other.generation - one.generation);
  const [newest] = readable;
  if (newest !== undefined) {
    const foreign = sameOwner(newest.owner, me) ? undefined : { owner: newest.owner, me, key: newest.key };
    return new CatalogOwner(foreign, undefined, []);
  }
  const damaged = present.map(({ key }) => `${key} is damaged, so the owner of the folder is not known.`);
  return new CatalogOwner(undefined, undefined, damaged);
}

function parseCatalog(bytes: Buffer): { readonly generation: number; readonly owner: Owner } | undefined {
  try {
    const { generation, owner } = JSON.parse(bytes.toString('utf8')) as {
      generation?: unknown;
      owner?: Partial<Owner>;
    };
    const { account, region, database } = owner ?? {};
    return typeof account === 'string' && typeof region === 'string' && typeof database === 'string'
      ? { generation: typeof generation === 'number' ? generation : 0, owner: { account, region, database } }
      : undefined;
  } catch {
    return undefined;
  }
}

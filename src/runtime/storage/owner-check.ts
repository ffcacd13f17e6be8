import { Outcome } from './s3-client';
import { Fault, faultOf } from '../../contract/diagnosis/fault';
import { StorageContext } from '../../contract/diagnosis/fault-texts';
import { meaningOf, Observation } from '../../contract/diagnosis/observation';
import { describeOwner, LOCAL_ACCOUNT, Owner, sameOwner } from '../../contract/owner';

/** Longest catalog that is read for its owner. */
const MAXIMUM_CATALOG_BYTES = 32 * 1024 * 1024;

/** Whom the catalogs in a folder name. */
export class CatalogOwner {
  static unknown(): CatalogOwner {
    return new CatalogOwner(undefined, undefined, []);
  }

  constructor(
    private readonly foreign: { readonly owner: Owner; readonly me: Owner; readonly key: string } | undefined,
    /** Why a catalog could not be read. */
    private readonly unread: Observation | undefined,
    readonly warnings: readonly string[],
  ) {}

  fault(context: StorageContext): Fault | undefined {
    if (this.unread !== undefined) {
      return faultOf({ GET: this.unread }, context);
    }
    if (this.foreign === undefined) {
      return undefined;
    }
    const { owner, me, key } = this.foreign;
    const terminal = me.account === LOCAL_ACCOUNT ? ' To test as the deployed function does, name its schedule.' : '';
    return {
      faultClass: 'bucket-or-path',
      operations: [],
      summary: `The folder belongs to ${describeOwner(owner)}, as ${key} says; this is ${describeOwner(me)}.`,
      remedy: `Give each database a path or an identifier of its own.${terminal}`,
    };
  }
}

/** Reads the catalogs and tells whether they belong to somebody else. No catalog, or a hidden one, is nobody's. */
export async function findForeignOwner(
  catalogs: readonly string[],
  me: Owner,
  get: (key: string, maximumBytes: number) => Promise<Outcome>,
): Promise<CatalogOwner> {
  const outcomes = await Promise.all(
    catalogs.map(async (key) => ({ key, outcome: await get(key, MAXIMUM_CATALOG_BYTES) })),
  );
  const unread = outcomes.find(
    ({ outcome }) => !['done', 'missing', 'denied'].includes(meaningOf(outcome.observation)),
  );
  if (unread !== undefined) {
    return new CatalogOwner(undefined, unread.outcome.observation, []);
  }
  const present = outcomes.filter(({ outcome }) => outcome.bytes !== undefined);
  const readable = present
    .map(({ key, outcome }) => ({ key, catalog: parseCatalog(outcome.bytes!) }))
    .flatMap(({ key, catalog }) => (catalog === undefined ? [] : [{ key, ...catalog }]))
    .sort((one, other) => other.generation - one.generation);
  const [newest] = readable;
  if (newest !== undefined) {
    const foreign = sameOwner(newest.owner, me) ? undefined : { owner: newest.owner, me, key: newest.key };
    return new CatalogOwner(foreign, undefined, []);
  }
  const damaged = present.map(({ key }) => `${key} is no catalog that can be read, so its owner is not known.`);
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

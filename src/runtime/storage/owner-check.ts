import { StorageAnswer } from './s3-client';
import { unseal } from './sealed-json';
import { diagnoseStorage } from '../../contract/diagnosis/diagnose';
import { isKind } from '../../contract/diagnosis/error-kinds';
import { Fault, StorageContext } from '../../contract/diagnosis/fault';
import { OperationResult } from '../../contract/diagnosis/operation-result';
import { describeOwner, LOCAL_ACCOUNT, Owner, sameOwner } from '../../contract/owner';

/** Longest object that is read for its owner. */
const MAXIMUM_OBJECT_BYTES = 32 * 1024 * 1024;

/** The owner that the objects of a folder name. */
export class FolderOwner {
  static unknown(): FolderOwner {
    return new FolderOwner(undefined, undefined, []);
  }

  constructor(
    private readonly foreign: { readonly owner: Owner; readonly me: Owner; readonly key: string } | undefined,
    /** Why an object could not be read. */
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
 * Reads the catalogs and the record of a folder for an owner other than this one. The folder can be read, so what is
 * denied is missing, and a folder without any of them has no owner. One that names another owner is enough: a folder may
 * have been copied over this one in part.
 */
export async function findForeignOwner(
  objects: readonly string[],
  me: Owner,
  get: (key: string, maximumBytes: number) => Promise<StorageAnswer>,
): Promise<FolderOwner> {
  const answers = await Promise.all(
    objects.map(async (key) => ({ key, answer: await get(key, MAXIMUM_OBJECT_BYTES) })),
  );
  const unread = answers.find(({ answer }) => !isKind(answer.result, 'done', 'missing', 'denied'));
  if (unread !== undefined) {
    return new FolderOwner(undefined, unread.answer.result, []);
  }
  const present = answers.filter(({ answer }) => answer.bytes !== undefined);
  const readable = present
    .map(({ key, answer }) => ({ key, found: ownerIn(answer.bytes!) }))
    .flatMap(({ key, found }) => (found === undefined ? [] : [{ key, owner: found }]));
  if (readable.length > 0) {
    const foreign = readable.find(({ owner }) => !sameOwner(owner, me));
    return new FolderOwner(foreign && { owner: foreign.owner, me, key: foreign.key }, undefined, []);
  }
  const damaged = present.map(({ key }) => `${key} is damaged, so the owner of the folder is not known.`);
  return new FolderOwner(undefined, undefined, damaged);
}

/** Undefined where the object is not as it was written: a changed byte may name another account. */
function ownerIn(bytes: Buffer): Owner | undefined {
  return unseal<{ readonly owner: Owner }>(bytes)?.value.owner;
}

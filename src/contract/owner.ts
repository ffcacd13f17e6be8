/** Who a folder of backups belongs to. Known before the database exists. */
export interface Owner {
  /** AWS account id; `local` where the program runs from a terminal without an account. */
  readonly account: string;
  readonly region: string;
  /** Identifier of the database. */
  readonly database: string;
}

/** The account that runs without an AWS account write under. */
export const LOCAL_ACCOUNT = 'local';

export function sameOwner(one: Owner, other: Owner): boolean {
  return one.account === other.account && one.region === other.region && one.database === other.database;
}

export function describeOwner(owner: Owner): string {
  return `database ${owner.database} of account ${owner.account} in ${owner.region}`;
}

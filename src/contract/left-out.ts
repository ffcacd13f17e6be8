import { Remark } from './remark';

/** A table, or a schema with everything in it, that backups leave out. */
export interface LeftOut {
  /** Absent: in every database of the server. */
  readonly database?: string;
  readonly schema: string;
  /** Absent: the whole schema. */
  readonly table?: string;
}

/** PostgreSQL cuts off what is longer. */
const LONGEST_NAME_BYTES = 63;

/** What is wrong with a name to leave out, as the end of a sentence; undefined where nothing is. */
export function nameFault(name: string): string | undefined {
  const isName = name !== '' && Buffer.byteLength(name) <= LONGEST_NAME_BYTES && !name.includes('\0');
  return isName ? undefined : `has 1 to ${LONGEST_NAME_BYTES} bytes`;
}

/** What a backup, and every restore of it, says about what was left out. */
export function leftOutRemark(leftOut: LeftOut, database: string, belongsToExtension: boolean): Remark {
  const reason = belongsToExtension
    ? 'its rows were left out of the backup, as its settings ask'
    : 'left out of the backup, as its settings ask: it is not restored';
  return { database, ...objectOf(leftOut), reason };
}

/** What a backup says about something to leave out that no database has. */
export function notLeftOutRemark(leftOut: LeftOut): Remark {
  const { database } = leftOut;
  return {
    ...(database !== undefined && { database }),
    ...objectOf(leftOut),
    reason: 'the settings ask to leave it out of the backup, and it does not exist',
  };
}

function objectOf({ schema, table }: LeftOut): Pick<Remark, 'type' | 'schema' | 'name'> {
  return table === undefined ? { type: 'schema', name: schema } : { type: 'table', schema, name: table };
}

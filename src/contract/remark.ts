/**
 * An object or a property that a restore by the master user, who is no superuser, cannot bring back. Never data: data is
 * exact, or the restore fails; but for tables that the settings leave out and rows of extensions that nobody can dump.
 */
export interface Remark {
  /** The database of the object. Absent for what belongs to the whole server, such as a role. */
  readonly database?: string;
  /** `function`, `tablespace`, `role`, … */
  readonly type: string;
  /** Absent for objects that are in no schema. */
  readonly schema?: string;
  /** The name as it is, unquoted; of a function with the types of its arguments. */
  readonly name: string;
  /** What is missing after a restore, and why. */
  readonly reason: string;
  /** SQL that brings it back, to be run by hand, where there is such a statement. */
  readonly statement?: string;
}

/** One remark in one line: `database shop: function billing.area(integer): …. Run by hand: …`. */
export function describeRemark({ database, type, schema, name, reason, statement }: Remark): string {
  const place = database === undefined ? '' : `database ${database}: `;
  const object = schema === undefined ? name : `${schema}.${name}`;
  const byHand = statement === undefined ? '' : `. Run by hand: ${statement}`;
  return `${place}${type} ${object}: ${reason}${byHand}`;
}

/** Each remark once, in the order in which they were found. */
export function distinctRemarks(remarks: readonly Remark[]): Remark[] {
  return [...new Map(remarks.map((remark) => [describeRemark(remark), remark])).values()];
}

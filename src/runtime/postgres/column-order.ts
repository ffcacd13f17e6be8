import { Remark } from '../../contract/remark';

/** A table that inherits from others, or that others inherit from. */
export interface InheritingTable {
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  /** In their order. */
  readonly columns: readonly string[];
  /** Ids of the tables that it inherits from, in their order. */
  readonly parents: readonly string[];
}

/**
 * The tables whose columns come back in another order. pg_dump creates a table that inherits with the columns of its
 * parents before its own, even if a parent got a column later. Every value is in its column all the same.
 */
export function columnOrderRemarks(tables: readonly InheritingTable[]): Omit<Remark, 'database'>[] {
  const byId = new Map(tables.map((table) => [table.id, table]));
  const restored = (id: string): string[] => {
    const { columns = [], parents = [] } = byId.get(id) ?? {};
    return [...new Set([...parents.flatMap(restored), ...columns])];
  };
  return tables.flatMap(({ id, schema, name, columns }) => {
    const order = restored(id);
    if (order.join('\0') === columns.join('\0')) return [];
    return {
      type: 'table',
      ...{ schema, name },
      reason:
        `its columns are restored in the order ${order.join(', ')}, not ${columns.join(', ')}, because pg_dump writes ` +
        'inherited columns first. Statements that rely on the order, such as INSERT without a list of columns, differ',
    };
  });
}

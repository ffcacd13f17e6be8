/** A table, or a schema with everything in it, that backups leave out and restores do not bring back. */
export interface LeftOut {
  /**
   * Name of the database that has it.
   *
   * @default - every database of the server
   */
  readonly database?: string;
  /** Name of the schema, unquoted. */
  readonly schema: string;
  /**
   * Name of the table, unquoted.
   *
   * @default - the whole schema
   */
  readonly table?: string;
}

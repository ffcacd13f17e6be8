import { Command, Option } from 'commander';
import { Source } from './source-options';
import { usageError } from './usage';
import { LeftOut, nameFault } from '../../contract/left-out';

/** A name; in double quotes where it has a dot or a double quote, which is then doubled. */
const NAME = String.raw`(?:"((?:[^"]|"")+)"|([^".]+))`;
const SCHEMA_AND_TABLE = new RegExp(`^${NAME}(?:\\.${NAME})?$`);

export function leaveOutOption(): Option {
  return new Option(
    '--leave-out <name...>',
    'schemas, or tables as schema.table, that the backup leaves out, besides those of the schedule',
  ).argParser((text: string, before: readonly LeftOut[] = []) => [...before, readName(text)]);
}

/** What to leave out: of the schedule, if there is one, and of the command line. */
export function leftOutOf(command: Command, { schedule }: Source): readonly LeftOut[] | undefined {
  const { leaveOut = [] } = command.opts<{ readonly leaveOut?: readonly LeftOut[] }>();
  const all = [...(schedule?.request.leaveOut ?? []), ...leaveOut];
  return all.length > 0 ? all : undefined;
}

/** @throws InvalidRequest */
function readName(text: string): LeftOut {
  const [, quotedSchema, plainSchema, quotedTable, plainTable] = SCHEMA_AND_TABLE.exec(text) ?? [];
  const schema = plainSchema ?? quotedSchema?.replaceAll('""', '"') ?? '';
  const table = plainTable ?? quotedTable?.replaceAll('""', '"');
  const fault = nameFault(schema) ?? (table === undefined ? undefined : nameFault(table));
  if (fault !== undefined) {
    throw usageError(
      `--leave-out takes a schema, or a table as schema.table; got ${text}.`,
      'Write a name that has a dot in double quotes.',
    );
  }
  return { schema, ...(table !== undefined && { table }) };
}

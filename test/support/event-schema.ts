import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import Ajv from 'ajv';

const FILE = path.resolve(__dirname, '../../docs/events.schema.json');

/** What does not follow the documented schema of events; a field that it does not name is an error here. */
export function eventErrors(event: unknown): string[] {
  const schema = JSON.parse(readFileSync(FILE, 'utf8'));
  for (const { properties } of schema.oneOf) properties.detail.additionalProperties = false;
  const validate = new Ajv({ allErrors: true }).compile(schema);
  return validate(event) ? [] : validate.errors!.map(({ dataPath, message }) => `${dataPath} ${message}`);
}

/** The fields of the detail of each event, by its `detail-type`. */
export function eventFields(): Record<string, string[]> {
  const { oneOf } = JSON.parse(readFileSync(FILE, 'utf8'));
  return Object.fromEntries(
    oneOf.flatMap(({ properties: { 'detail-type': type, detail } }: any) =>
      (type.enum ?? [type.const]).map((name: string) => [name, Object.keys(detail.properties)]),
    ),
  );
}

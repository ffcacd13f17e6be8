import { OPAQUE } from './modelled-call';
import { ServiceModel, Shape } from './service-model';

export type ConstraintKind =
  'required' | 'type' | 'min-length' | 'max-length' | 'min-value' | 'max-value' | 'pattern' | 'enum';

/** A value that AWS does not take, in AWS's own words. */
export interface Violation {
  readonly kind: ConstraintKind;
  /** Names of members, from the operation's input down. */
  readonly path: string;
  readonly message: string;
}

/** Compares a value with everything that the model says of it. */
export function violationsOf(model: ServiceModel, shape: Shape, value: unknown, path = ''): Violation[] {
  if (value === OPAQUE || shape.document) return [];
  switch (shape.type) {
    case 'structure':
      return isObject(value) ? ofStructure(model, shape, value, path) : [wrongType(shape, path)];
    case 'list':
      if (!Array.isArray(value)) return [wrongType(shape, path)];
      return [
        ...ofLength(shape, value, value.length, path),
        ...value.flatMap((item, index) =>
          violationsOf(model, model.resolve(shape.member!), item, `${path}.${index + 1}.member`),
        ),
      ];
    case 'map':
      if (!isObject(value)) return [wrongType(shape, path)];
      return [
        ...ofLength(shape, value, Object.keys(value).length, path),
        ...Object.entries(value).flatMap(([key, item]) => [
          ...violationsOf(model, model.resolve(shape.key!), key, `${path}.key`),
          ...violationsOf(model, model.resolve(shape.value!), item, `${path}.${key}`),
        ]),
      ];
    case 'string':
    case 'character':
      return typeof value === 'string' ? ofString(shape, value, path) : [wrongType(shape, path)];
    case 'blob':
      return typeof value === 'string'
        ? ofLength(shape, value, Buffer.from(value, 'base64').length, path)
        : [wrongType(shape, path)];
    case 'boolean':
      return /^(true|false)$/.test(String(value)) ? [] : [wrongType(shape, path)];
    case 'timestamp':
      return [];
    case 'float':
    case 'double':
      return Number.isNaN(Number(value)) ? [wrongType(shape, path)] : ofNumber(shape, Number(value), path);
    default:
      return Number.isInteger(Number(value)) && value !== ''
        ? ofNumber(shape, Number(value), path)
        : [wrongType(shape, path)];
  }
}

function ofStructure(model: ServiceModel, shape: Shape, value: Record<string, unknown>, path: string): Violation[] {
  const at = (name: string) => (path === '' ? lowerFirst(name) : `${path}.${lowerFirst(name)}`);
  const absent = (shape.required ?? []).filter((name) => value[name] === undefined);
  return [
    ...absent.map((name) => violation('required', at(name), 'null', 'Member must not be null')),
    ...Object.entries(value).flatMap(([name, member]) =>
      violationsOf(model, model.resolve(shape.members![name]), member, at(name)),
    ),
  ];
}

function ofString(shape: Shape, value: string, path: string): Violation[] {
  const shown = shownValue(shape, value);
  const { pattern, enum: values } = shape;
  return [
    ...ofLength(shape, value, [...value].length, path),
    ...(pattern !== undefined && !matches(pattern, value)
      ? [violation('pattern', path, shown, `Member must satisfy regular expression pattern: ${pattern}`)]
      : []),
    ...(values !== undefined && !values.includes(value)
      ? [violation('enum', path, shown, `Member must satisfy enum value set: [${values.join(', ')}]`)]
      : []),
  ];
}

function ofLength(shape: Shape, value: unknown, length: number, path: string): Violation[] {
  const shown = typeof value === 'string' ? shownValue(shape, value) : `of ${length} members`;
  const { min, max } = shape;
  if (min !== undefined && length < min) {
    return [violation('min-length', path, shown, `Member must have length greater than or equal to ${min}`)];
  }
  if (max !== undefined && length > max) {
    return [violation('max-length', path, shown, `Member must have length less than or equal to ${max}`)];
  }
  return [];
}

function ofNumber({ min, max }: Shape, value: number, path: string): Violation[] {
  if (min !== undefined && value < min) {
    return [violation('min-value', path, value, `Member must have value greater than or equal to ${min}`)];
  }
  if (max !== undefined && value > max) {
    return [violation('max-value', path, value, `Member must have value less than or equal to ${max}`)];
  }
  return [];
}

function wrongType({ type }: Shape, path: string): Violation {
  return { kind: 'type', path, message: `Value at '${path}' is not of type ${type}` };
}

function violation(kind: ConstraintKind, path: string, shown: string | number, rule: string): Violation {
  return { kind, path, message: `Value ${shown} at '${path}' failed to satisfy constraint: ${rule}` };
}

/** No more of a value than helps to find it, and nothing of a secret one. */
function shownValue({ sensitive }: Shape, value: string): string {
  if (sensitive) return '(hidden)';
  return `'${value.length > 80 ? `${value.slice(0, 80)}…` : value}'`;
}

const expressions = new Map<string, RegExp>();

/** The whole text has to match. Most patterns of the models are valid with the flag `u`, the others without. */
function matches(pattern: string, value: string): boolean {
  let expression = expressions.get(pattern);
  if (expression === undefined) {
    expression = compile(pattern);
    expressions.set(pattern, expression);
  }
  return expression.test(value);
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 'su');
  } catch {
    return new RegExp(`^(?:${pattern})$`, 's');
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function lowerFirst(name: string): string {
  return name[0].toLowerCase() + name.slice(1);
}

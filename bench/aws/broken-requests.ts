import { SeenOperation } from '../../sandbox/aws/model/model-check';
import { ServiceModel, Shape } from '../../sandbox/aws/model/service-model';
import { ConstraintKind, violationsOf } from '../../sandbox/aws/model/violations';

/** A request that breaks one kind of constraint of its operation. */
export interface BrokenRequest {
  readonly service: string;
  readonly operation: string;
  readonly kind: ConstraintKind;
  readonly input: Record<string, unknown>;
  /** Stands in the refusal where it is for this constraint. */
  readonly says: string;
}

/** One step down from an input: a member, or the first item of a list. */
type Step = string | 0;

interface Breakage {
  readonly kind: ConstraintKind;
  readonly steps: readonly Step[];
  readonly value: unknown;
  readonly rule: string;
}

/**
 * For each kind of constraint that the model has for an operation, one request that breaks it: an input that was taken,
 * with one value changed or left out. What cannot be sent at all, such as a path without its labels, is passed over.
 */
export function brokenRequests(model: ServiceModel, seen: SeenOperation): BrokenRequest[] {
  const { input } = model.operation(seen.operation)!;
  if (input === undefined) return [];
  const shape = model.resolve(input);
  const found = new Map<ConstraintKind, BrokenRequest>();
  const taken = typed(model, shape, seen.input);
  for (const each of breakagesOf(model, shape, [], taken, new Set())) {
    const broken = withValue(taken, each.steps, each.value) as Record<string, unknown>;
    const says = `at '${pathOf(each.steps)}' failed to satisfy constraint: ${each.rule}`;
    const isBroken = violationsOf(model, shape, broken).length > 0;
    if (found.has(each.kind) || !isBroken) continue;
    const { service, operation } = seen;
    found.set(each.kind, { service, operation, kind: each.kind, input: broken, says });
  }
  return [...found.values()];
}

/** Every way to break the shape of a value, what is nearest to the top first. */
function breakagesOf(
  model: ServiceModel,
  shape: Shape,
  steps: readonly Step[],
  present: unknown,
  within: ReadonlySet<unknown>,
): Breakage[] {
  switch (shape.type) {
    case 'structure': {
      // A shape that holds itself would never end.
      if (within.has(shape.members)) return [];
      const members = Object.entries(shape.members ?? {}).map(([name, reference]) => ({
        name,
        shape: model.resolve(reference),
        value: (present as Record<string, unknown> | undefined)?.[name],
        isSendable: isSendable(model, model.resolve(reference)),
      }));
      const missing = (shape.required ?? [])
        .filter((name) => members.find((member) => member.name === name)!.shape.location !== 'uri')
        .filter((name) => steps.length === 0 || leavesOthers(model, present, name))
        .map((name) => breakage('required', [...steps, name], undefined, 'Member must not be null'));
      const inner = new Set([...within, shape.members]);
      return [
        ...missing,
        ...members
          .filter((member) => member.isSendable)
          .sort((one, other) => Number(one.shape.type === 'structure') - Number(other.shape.type === 'structure'))
          .flatMap((member) => breakagesOf(model, member.shape, [...steps, member.name], member.value, inner)),
      ];
    }
    case 'list':
      return [
        ...ofLength(model, shape, steps, (length) => Array(length).fill(plain(model, model.resolve(shape.member!)))),
        ...breakagesOf(
          model,
          model.resolve(shape.member!),
          [...steps, 0],
          (present as unknown[] | undefined)?.[0],
          within,
        ),
      ];
    case 'string':
      return ofString(model, shape, steps);
    case 'byte':
    case 'short':
    case 'integer':
    case 'long':
      return [
        ...(shape.min === undefined
          ? []
          : [
              breakage(
                'min-value',
                steps,
                shape.min - 1,
                `Member must have value greater than or equal to ${shape.min}`,
              ),
            ]),
        ...(shape.max === undefined
          ? []
          : [breakage('max-value', steps, shape.max + 1, `Member must have value less than or equal to ${shape.max}`)]),
      ];
    default:
      return [];
  }
}

function ofString(model: ServiceModel, shape: Shape, steps: readonly Step[]): Breakage[] {
  const { min = 0, max = Infinity, pattern, enum: values } = shape;
  const strange = ['!', ' ', '(', '#', '\u0001'].map((character) => character.repeat(Math.max(min, 1)));
  const against = pattern && strange.find((text) => text.length <= max && !matches(pattern, text));
  return [
    ...ofLength(model, shape, steps, (length) => 'a'.repeat(length)),
    ...(against ? [breakage('pattern', steps, against, 'Member must satisfy regular expression pattern')] : []),
    ...(values ? [breakage('enum', steps, 'no-such-word', 'Member must satisfy enum value set')] : []),
  ];
}

/** Longer than any that a model has for a reason. */
const LONGEST = 200_000;

function ofLength(
  model: ServiceModel,
  { min = 0, max = Infinity, location, type }: Shape,
  steps: readonly Step[],
  ofThatLength: (length: number) => unknown,
): Breakage[] {
  // An empty label, header or list of a form is not sent at all.
  const canBeEmpty = location === undefined && (type === 'string' || model.protocol.includes('json'));
  return [
    ...(min > (canBeEmpty ? 0 : 1)
      ? [
          breakage(
            ...(['min-length', steps, ofThatLength(min - 1)] as const),
            `Member must have length greater than or equal to ${min}`,
          ),
        ]
      : []),
    ...(max < LONGEST
      ? [
          breakage(
            ...(['max-length', steps, ofThatLength(max + 1)] as const),
            `Member must have length less than or equal to ${max}`,
          ),
        ]
      : []),
  ];
}

function breakage(kind: ConstraintKind, steps: readonly Step[], value: unknown, rule: string): Breakage {
  return { kind, steps, value, rule };
}

function isSendable(model: ServiceModel, { type, location, document }: Shape): boolean {
  return type !== 'blob' && !document && location !== 'headers' && !(model.service === 's3' && location === 'uri');
}

/** A form cannot carry a structure without members. */
function leavesOthers(model: ServiceModel, present: unknown, name: string): boolean {
  if (model.protocol.includes('json')) return true;
  return Object.keys((present as object | undefined) ?? {}).some((other) => other !== name);
}

function plain(model: ServiceModel, shape: Shape): unknown {
  switch (shape.type) {
    case 'structure': {
      const [name, reference] = Object.entries(shape.members ?? {})[0] ?? [];
      return name ? { [name]: plain(model, model.resolve(reference!)) } : {};
    }
    case 'list':
      return [];
    case 'map':
      return {};
    case 'string':
      return 'a'.repeat(Math.max(shape.min ?? 1, 1));
    default:
      return 1;
  }
}

/** A form carries texts only; AWS's client wants numbers and truth values where the model has them. */
function typed(model: ServiceModel, shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'structure':
      return Object.fromEntries(
        Object.entries(value as object).map(([name, member]) => [
          name,
          typed(model, model.resolve(shape.members![name]), member),
        ]),
      );
    case 'list':
      return (value as unknown[]).map((item) => typed(model, model.resolve(shape.member!), item));
    case 'boolean':
      return String(value) === 'true';
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return Number(value);
    default:
      return value;
  }
}

/** A copy with another value at one place; what leads there is made where it is missing. */
function withValue(present: unknown, [step, ...rest]: readonly Step[], value: unknown): unknown {
  if (step === undefined) return value;
  if (step === 0) {
    const [first, ...others] = (present as unknown[] | undefined) ?? [];
    return [withValue(first, rest, value), ...others];
  }
  const content = { ...(present as Record<string, unknown> | undefined) };
  const member = withValue(content[step], rest, value);
  if (member === undefined) delete content[step];
  else content[step] = member;
  return content;
}

function pathOf(steps: readonly Step[]): string {
  return steps.map((step) => (step === 0 ? '1.member' : step[0].toLowerCase() + step.slice(1))).join('.');
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 'su').test(text);
  } catch {
    return new RegExp(`^(?:${pattern})$`, 's').test(text);
  }
}

import { Operation, ServiceModel, Shape, ShapeReference } from './service-model';
import { AwsRequest, queryOf } from '../message';

/** A request as its service understands it: the operation, and its input by the names of the model. */
export interface ModelledCall {
  readonly operation: Operation;
  readonly input: Record<string, unknown>;
}

/** Stands for a value that is there and is not looked into. */
export const OPAQUE = Symbol('opaque');

/** @returns undefined where the model has no such operation, or the request is in a form that this does not read */
export function modelledCall(model: ServiceModel, request: AwsRequest): ModelledCall | undefined {
  const target = request.headers['x-amz-target'];
  if (target !== undefined) {
    const operation = model.operation(String(target).split('.').at(-1)!);
    return operation && { operation, input: members(model, operation, jsonOf(request.body)) };
  }
  return model.protocol.startsWith('rest-') ? restCall(model, request) : queryCall(model, request);
}

function jsonOf(body: Buffer): unknown {
  return body.length === 0 ? {} : JSON.parse(body.toString());
}

/** The members of an operation's input that travel in a JSON body. */
function members(model: ServiceModel, { input }: Operation, body: unknown): Record<string, unknown> {
  return input === undefined ? {} : (jsonValue(model, model.resolve(input), body) as Record<string, unknown>);
}

/** Renames the members of structures from what they are called in transit; what the model does not know is left out. */
function jsonValue(model: ServiceModel, shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined || shape.document) return value ?? undefined;
  if (shape.type === 'list' && Array.isArray(value)) {
    return value.map((item) => jsonValue(model, model.resolve(shape.member!), item));
  }
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  if (shape.type === 'map') {
    const content = model.resolve(shape.value!);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonValue(model, content, item)]));
  }
  if (shape.type !== 'structure') return value;
  return present(shape, (name, reference) => {
    const found = (value as Record<string, unknown>)[reference.locationName ?? name];
    return reference.location === undefined ? jsonValue(model, model.resolve(reference), found) : undefined;
  });
}

function present(
  { members: references = {} }: Shape,
  read: (name: string, reference: ShapeReference) => unknown,
): Record<string, unknown> {
  const entries = Object.entries(references).map(([name, reference]) => [name, read(name, reference)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function queryCall(model: ServiceModel, request: AwsRequest): ModelledCall | undefined {
  const parameters = new URLSearchParams(request.method === 'GET' ? queryOf(request) : request.body.toString());
  const operation = model.operation(parameters.get('Action') ?? '');
  if (operation === undefined) return undefined;
  const input = operation.input && queryValue(model, model.resolve(operation.input), parameters, '');
  return { operation, input: (input as Record<string, unknown>) ?? {} };
}

function queryValue(model: ServiceModel, shape: Shape, parameters: URLSearchParams, prefix: string): unknown {
  switch (shape.type) {
    case 'structure': {
      if (prefix !== '' && !hasBelow(parameters, prefix)) return undefined;
      return present(shape, (name, reference) => {
        const member = model.resolve(reference);
        return queryValue(
          model,
          member,
          parameters,
          [prefix, queryName(model, name, member)].filter(Boolean).join('.'),
        );
      });
    }
    case 'list': {
      // An empty list is written as an empty value.
      if (parameters.get(prefix) === '') return [];
      const item = model.resolve(shape.member!);
      const from = listPrefix(model, shape, item, prefix);
      const items: unknown[] = [];
      for (let index = 1; parameters.has(`${from}.${index}`) || hasBelow(parameters, `${from}.${index}`); index++) {
        items.push(queryValue(model, item, parameters, `${from}.${index}`));
      }
      return items.length > 0 ? items : undefined;
    }
    case 'map': {
      const from = shape.flattened ? prefix : `${prefix}.entry`;
      const entries: [string, unknown][] = [];
      for (let index = 1; hasBelow(parameters, `${from}.${index}`); index++) {
        const key = parameters.get(`${from}.${index}.${shape.key!.locationName ?? 'key'}`) ?? '';
        const value = `${from}.${index}.${shape.value!.locationName ?? 'value'}`;
        entries.push([key, queryValue(model, model.resolve(shape.value!), parameters, value)]);
      }
      return entries.length > 0 ? Object.fromEntries(entries) : undefined;
    }
    default:
      return parameters.get(prefix) ?? undefined;
  }
}

function hasBelow(parameters: URLSearchParams, prefix: string): boolean {
  return [...parameters.keys()].some((name) => name.startsWith(`${prefix}.`));
}

function queryName(model: ServiceModel, name: string, { queryName: own, locationName }: Shape): string {
  if (model.protocol !== 'ec2') return locationName ?? name;
  return own ?? (locationName === undefined ? name : locationName[0].toUpperCase() + locationName.slice(1));
}

function listPrefix(model: ServiceModel, list: Shape, item: Shape, prefix: string): string {
  if (model.protocol === 'ec2') return prefix;
  if (!list.flattened) return `${prefix}.${item.locationName ?? 'member'}`;
  return item.locationName ? [...prefix.split('.').slice(0, -1), item.locationName].join('.') : prefix;
}

function restCall(model: ServiceModel, request: AwsRequest): ModelledCall | undefined {
  const query = queryOf(request);
  const [best] = model.operations
    .filter(({ http }) => http.method === request.method)
    .map((operation) => ({ operation, uri: matchUri(operation, request, query) }))
    .filter(({ operation, uri }) => uri !== undefined && hasRequiredElsewhere(model, operation, request, query))
    .sort((one, other) => weight(model, other.operation) - weight(model, one.operation));
  if (best === undefined) return undefined;
  return { operation: best.operation, input: restInput(model, best.operation, request, best.uri!, query) };
}

/** The labels of the path, where it is this operation's path and its literal parameters are in the query. */
function matchUri(
  { http }: Operation,
  request: AwsRequest,
  query: URLSearchParams,
): Record<string, string> | undefined {
  const [template, literals = ''] = http.requestUri.split('?');
  const names: string[] = [];
  const expression = template
    .replace(/\/$/, '')
    .split('/')
    .map((segment) => {
      const label = /^\{([^}+]+)(\+?)\}$/.exec(segment);
      if (!label) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      names.push(label[1]);
      return label[2] ? '(.+)' : '([^/]+)';
    })
    .join('/');
  const match = new RegExp(`^${expression}/?$`).exec(request.url.split('?')[0]);
  const missing = [...new URLSearchParams(literals)].some(([name, value]) => (query.get(name) ?? NaN) !== value);
  if (!match || missing) return undefined;
  return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1])]));
}

/** Of several operations with one path, such as PutObject and CopyObject, the one with the most that must be there. */
function weight(model: ServiceModel, operation: Operation): number {
  const literals = [...new URLSearchParams(operation.http.requestUri.split('?')[1] ?? '')].length;
  return 10 * literals + requiredElsewhere(model, operation).length;
}

function requiredElsewhere(model: ServiceModel, { input }: Operation): ShapeReference[] {
  if (input === undefined) return [];
  const { members: references = {}, required = [] } = model.resolve(input);
  return required
    .map((name) => ({ locationName: name, ...references[name] }))
    .filter(({ location }) => location === 'querystring' || location === 'header');
}

/** Only S3 tells operations of one path apart by what else must be there. */
function hasRequiredElsewhere(
  model: ServiceModel,
  operation: Operation,
  request: AwsRequest,
  query: URLSearchParams,
): boolean {
  if (model.service !== 's3') return true;
  return requiredElsewhere(model, operation).every(({ location, locationName }) =>
    location === 'header' ? locationName!.toLowerCase() in request.headers : query.has(locationName!),
  );
}

function restInput(
  model: ServiceModel,
  { input }: Operation,
  request: AwsRequest,
  uri: Record<string, string>,
  query: URLSearchParams,
): Record<string, unknown> {
  if (input === undefined) return {};
  const shape = model.resolve(input);
  const located = present(shape, (name, reference) => {
    const key = reference.locationName ?? name;
    switch (reference.location) {
      case 'uri':
        return uri[key];
      case 'querystring': {
        const values = query.getAll(key);
        if (model.resolve(reference).type === 'list') return values.length > 0 ? values : undefined;
        return values[0];
      }
      case 'header':
        return request.headers[key.toLowerCase()];
      default:
        return undefined;
    }
  });
  return { ...located, ...bodyMembers(model, shape, request) };
}

function bodyMembers(model: ServiceModel, shape: Shape, request: AwsRequest): Record<string, unknown> {
  if (shape.payload === undefined) {
    return model.protocol === 'rest-json' && request.body.length > 0
      ? (jsonValue(model, shape, JSON.parse(request.body.toString())) as Record<string, unknown>)
      : {};
  }
  if (request.body.length === 0) return {};
  const payload = model.resolve(shape.members![shape.payload]);
  const isJson = model.protocol === 'rest-json' && payload.type === 'structure';
  return { [shape.payload]: isJson ? jsonValue(model, payload, JSON.parse(request.body.toString())) : OPAQUE };
}

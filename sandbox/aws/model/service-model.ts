import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * What AWS says of a value: its type and what it is held to. As botocore stores it; a reference to a shape adds to the
 * shape, or overrides it.
 */
export interface Shape {
  readonly type:
    | 'structure'
    | 'list'
    | 'map'
    | 'string'
    | 'character'
    | 'blob'
    | 'boolean'
    | 'timestamp'
    | 'byte'
    | 'short'
    | 'integer'
    | 'long'
    | 'float'
    | 'double';
  readonly members?: Record<string, ShapeReference>;
  readonly required?: readonly string[];
  readonly member?: ShapeReference;
  readonly key?: ShapeReference;
  readonly value?: ShapeReference;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  /** Of a structure: the member that is the body. */
  readonly payload?: string;
  readonly sensitive?: boolean;
  readonly document?: boolean;
  readonly flattened?: boolean;
  readonly location?: 'uri' | 'querystring' | 'header' | 'headers';
  readonly locationName?: string;
  readonly queryName?: string;
}

export interface ShapeReference extends Partial<Omit<Shape, 'type'>> {
  readonly shape: string;
}

export interface Operation {
  readonly name: string;
  readonly http: { readonly method: string; readonly requestUri: string };
  readonly input?: ShapeReference;
}

interface ModelFile {
  readonly metadata: { readonly protocol: string };
  readonly operations: Record<string, Operation>;
  readonly shapes: Record<string, Shape>;
}

/** One service of AWS: its operations and what each takes. */
export class ServiceModel {
  constructor(
    readonly service: string,
    private readonly file: ModelFile,
  ) {}

  /** In what form requests are written: `query`, `ec2`, `json`, `rest-json`, `rest-xml`, … */
  get protocol(): string {
    return this.file.metadata.protocol;
  }

  get operations(): Operation[] {
    return Object.values(this.file.operations);
  }

  operation(name: string): Operation | undefined {
    return Object.hasOwn(this.file.operations, name) ? this.file.operations[name] : undefined;
  }

  resolve(reference: ShapeReference): Shape {
    return { ...this.file.shapes[reference.shape], ...reference };
  }
}

/** AWS's models of its services, as botocore, a dependency of moto, carries them. */
export class ServiceModels {
  private readonly models = new Map<string, ServiceModel | undefined>();

  /** @param directory botocore's `data` */
  constructor(private readonly directory: string) {}

  /** @param service as the scope of a signature names it */
  find(service: string): ServiceModel | undefined {
    if (!this.models.has(service)) this.models.set(service, this.load(service));
    return this.models.get(service);
  }

  private load(service: string): ServiceModel | undefined {
    const directory = path.join(this.directory, FOLDERS[service] ?? service);
    if (!/^[\w-]+$/.test(service) || !existsSync(directory)) return undefined;
    const newest = readdirSync(directory)
      .filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name))
      .sort()
      .at(-1)!;
    const content = gunzipSync(readFileSync(path.join(directory, newest, 'service-2.json.gz')));
    return new ServiceModel(service, JSON.parse(content.toString()));
  }
}

/** Where botocore calls a service otherwise than its signatures do. */
const FOLDERS: Record<string, string> = { monitoring: 'cloudwatch' };

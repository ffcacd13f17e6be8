import { randomUUID } from 'node:crypto';
import { LogsService } from './logs';
import { AwsRequest, AwsResponse, jsonRefusal, jsonResponse, queryOf, segmentsOf } from './message';
import { RolePermissions } from './permissions';
import { EmulatedService, Upstream } from './upstream';
import { LambdaHost, LambdaRefusal } from '../lambda/host';

/** A function as it is named in a path or as a target: name, partial or whole ARN, with or without a qualifier. */
export interface FunctionReference {
  readonly name: string;
  /** A version, `$LATEST` or an alias. */
  readonly qualifier?: string;
}

/** @throws where the text names no function */
export function parseFunctionReference(text: string, qualifier?: string | null): FunctionReference {
  const match = /^(?:(?:arn:[\w-]+:lambda:[\w-]+:)?\d{12}:function:)?([\w-]+)(?::([\w$-]+))?$/.exec(text);
  if (!match) throw new Error(`A Lambda function is named by its name or its ARN; got ${JSON.stringify(text)}.`);
  return { name: match[1], qualifier: match[2] ?? qualifier ?? undefined };
}

/** The result of an invocation, as its caller sees it. */
export interface InvocationAnswer {
  readonly version: string;
  /** Set where the program failed; the payload then says how. */
  readonly functionError?: string;
  readonly payload: string;
  readonly log: string;
  readonly durationMs: number;
}

/** An invocation that was made, newest last in {@link LambdaService.invocations}. */
export interface RecordedInvocation extends InvocationAnswer {
  readonly functionName: string;
  readonly invocationType: string;
  readonly request: string;
}

/**
 * Lambda with real invocations. moto takes code but neither runs it nor returns it: published code is kept here, and
 * invocations run in the Lambda host.
 */
export class LambdaService implements EmulatedService {
  readonly name = 'lambda';
  /** The latest of them. */
  readonly invocations: RecordedInvocation[] = [];

  private readonly functions = new Map<string, KeptFunction>();
  private readonly layers = new Map<string, Buffer>();
  private readonly eventInvokeConfigs = new Map<string, EventInvokeConfig>();

  constructor(
    private readonly upstream: Upstream,
    private readonly host: LambdaHost,
    private readonly permissions: RolePermissions,
    private readonly logs: LogsService,
  ) {}

  async answer(request: AwsRequest): Promise<AwsResponse> {
    const [, collection, subject, aspect] = segmentsOf(request);
    if (request.body.length > MAX_UPLOAD_BYTES) {
      return jsonRefusal(
        413,
        'RequestEntityTooLargeException',
        `Request must be smaller than ${MAX_UPLOAD_BYTES} bytes, this one has ${request.body.length}: put the zip into a bucket`,
      );
    }
    if (collection === 'layers' && request.method === 'POST') return this.publishLayer(request);
    if (collection !== 'functions') return this.upstream.forward(request);
    if (subject === undefined) return request.method === 'POST' ? this.createFunction(request) : this.forward(request);

    const reference = parseFunctionReference(subject, queryOf(request).get('Qualifier'));
    switch (`${request.method} ${aspect ?? ''}`) {
      case 'POST invocations':
        return this.invokeByRequest(request, reference);
      case 'PUT code':
        return this.updateCode(request, reference);
      case 'PUT configuration':
        return this.updateConfiguration(request, reference);
      case 'POST versions':
        return this.publishVersion(request, reference);
      case 'DELETE ':
        return this.deleteFunction(request, reference);
      case 'PUT event-invoke-config':
      case 'POST event-invoke-config':
      case 'GET event-invoke-config':
      case 'DELETE event-invoke-config':
        return this.eventInvokeConfig(request, reference);
      default:
        return this.forward(request, reference);
    }
  }

  /**
   * Invokes a function and waits for its answer.
   *
   * @throws LambdaRefusal when Lambda would not have begun
   */
  async invoke(
    reference: FunctionReference,
    payload: string,
    invocationType: string,
    requestId: string = randomUUID(),
  ): Promise<InvocationAnswer> {
    const { name, qualifier = '$LATEST' } = reference;
    const path = `/2015-03-31/functions/${name}/configuration?Qualifier=${encodeURIComponent(qualifier)}`;
    const configuration = JSON.parse((await this.upstream.call('lambda', 'GET', path)).toString());
    const version: string = configuration.Version;
    const kept = this.functions.get(name)?.versions.get(version);
    if (!kept) {
      throw new LambdaRefusal(
        'ResourceNotFoundException',
        `Function not found: ${name}:${version} was not published here`,
      );
    }
    const functionArn = `${configuration.FunctionArn.split(':').slice(0, 7).join(':')}:${version}`;
    const layers: string[] = (configuration.Layers ?? []).map((layer: { Arn: string }) => layer.Arn);
    const result = await this.host.invoke(
      { zip: kept.zip, layers: layers.map((arn) => this.layers.get(arn)!) },
      {
        functionName: name,
        version,
        functionArn,
        handler: configuration.Handler,
        memoryMiB: configuration.MemorySize,
        timeoutSeconds: configuration.Timeout,
        ephemeralStorageMiB: kept.forgotten.EphemeralStorage?.Size ?? configuration.EphemeralStorage.Size,
        environment: configuration.Environment?.Variables ?? {},
      },
      payload,
      { requestId, environment: this.permissions.environmentOf(configuration.Role, name) },
    );
    await this.logs.write({ functionArn, version, roleArn: configuration.Role }, result.log);
    const answer = {
      version,
      functionError: result.functionError,
      payload: result.payload,
      log: result.log,
      durationMs: result.durationMs,
    };
    this.invocations.push({ ...answer, functionName: name, invocationType, request: payload });
    this.invocations.splice(0, this.invocations.length - MAX_RECORDED);
    return answer;
  }

  /**
   * Runs an event as Lambda does for an asynchronous caller: once more after each failure, as often as the qualifier's
   * settings say, and then sends the last failure to the destination for failures. Lambda pauses for minutes in between.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
   * @throws LambdaRefusal when Lambda would not have begun
   */
  async deliver(reference: FunctionReference, event: string): Promise<DeliveredEvent> {
    const requestId = randomUUID();
    const { MaximumRetryAttempts = DEFAULT_RETRIES, DestinationConfig } = await this.configOf(reference);
    for (let attempts = 1; ; attempts++) {
      const answer = await this.invoke(reference, event, 'Event', requestId);
      if (answer.functionError === undefined) return { ...answer, attempts };
      if (attempts > MaximumRetryAttempts) {
        const destination = DestinationConfig?.OnFailure?.Destination;
        const record = failureRecord(requestId, await this.arnOf(reference), event, answer, attempts);
        if (destination) await this.sendTo(destination, record);
        return { ...answer, attempts };
      }
    }
  }

  private async configOf(reference: FunctionReference): Promise<EventInvokeConfig> {
    return this.eventInvokeConfigs.get(await this.arnOf(reference)) ?? {};
  }

  private async arnOf({ name, qualifier = '$LATEST' }: FunctionReference): Promise<string> {
    const path = `/2015-03-31/functions/${name}/configuration`;
    const { FunctionArn } = JSON.parse((await this.upstream.call('lambda', 'GET', path)).toString());
    return `${FunctionArn}:${qualifier}`;
  }

  private async sendTo(destination: string, record: string): Promise<void> {
    const { service, account, resource } = partsOf(destination);
    switch (service) {
      case 'sqs':
        await this.upstream.call('sqs', 'POST', '/', {
          target: 'AmazonSQS.SendMessage',
          body: { QueueUrl: `http://localhost/${account}/${resource}`, MessageBody: record },
        });
        return;
      case 'sns': {
        await this.upstream.publish(destination, record);
        return;
      }
      case 'lambda':
        await this.deliver(parseFunctionReference(destination), record);
        return;
      default:
        throw new Error(`The sandbox sends failed events to SQS, SNS and Lambda only, not to ${destination}.`);
    }
  }

  private async invokeByRequest(request: AwsRequest, reference: FunctionReference): Promise<AwsResponse> {
    const payload = request.body.length === 0 ? '{}' : request.body.toString();
    const invocationType = String(request.headers['x-amz-invocation-type'] ?? 'RequestResponse');
    if (invocationType === 'DryRun') return jsonResponse(204, undefined);
    if (invocationType === 'Event') {
      void this.deliver(reference, payload).catch(() => undefined);
      return jsonResponse(202, undefined);
    }
    try {
      const answer = await this.invoke(reference, payload, invocationType);
      const headers: Record<string, string> = { 'x-amz-executed-version': answer.version };
      if (answer.functionError) headers['x-amz-function-error'] = answer.functionError;
      if (request.headers['x-amz-log-type'] === 'Tail') {
        headers['x-amz-log-result'] = Buffer.from(answer.log).subarray(-MAX_LOG_TAIL_BYTES).toString('base64');
      }
      return { ...jsonResponse(200, undefined, headers), body: Buffer.from(answer.payload) };
    } catch (error) {
      if (!(error instanceof LambdaRefusal)) throw error;
      const status = { RequestTooLargeException: 413, ResourceNotFoundException: 404 }[error.name] ?? 400;
      return jsonRefusal(status, error.name, error.message);
    }
  }

  private async createFunction(request: AwsRequest): Promise<AwsResponse> {
    const content = JSON.parse(request.body.toString());
    // See https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    if (!(await this.permissions.roleTrusts(content.Role, 'lambda.amazonaws.com'))) {
      const text = 'The role defined for the function cannot be assumed by Lambda.';
      return jsonRefusal(400, 'InvalidParameterValueException', text);
    }
    const zip = await this.zipOf(content.Code ?? {});
    const answer = await this.upstream.forward(request);
    if (answer.status !== 201) return answer;
    const forgotten = pick(content, FORGOTTEN_SETTINGS);
    const kept: KeptFunction = { versions: new Map([['$LATEST', { zip, forgotten }]]) };
    this.functions.set(content.FunctionName, kept);
    const { Version } = JSON.parse(answer.body.toString());
    kept.versions.set(Version, { zip, forgotten });
    return this.completed(answer, { name: content.FunctionName });
  }

  private async updateCode(request: AwsRequest, reference: FunctionReference): Promise<AwsResponse> {
    const content = JSON.parse(request.body.toString());
    const zip = await this.zipOf(content);
    const answer = await this.upstream.forward(request);
    if (answer.status !== 200 || content.DryRun) return this.completed(answer, reference);
    const { versions } = this.functions.get(reference.name)!;
    const latest = { ...versions.get('$LATEST')!, zip };
    versions.set('$LATEST', latest);
    if (content.Publish) versions.set(JSON.parse(answer.body.toString()).Version, latest);
    return this.completed(answer, reference);
  }

  private async updateConfiguration(request: AwsRequest, reference: FunctionReference): Promise<AwsResponse> {
    const content = JSON.parse(request.body.toString());
    // moto stumbles over an environment without variables.
    if (content.Environment && !content.Environment.Variables) content.Environment.Variables = {};
    const answer = await this.upstream.forward({ ...request, body: Buffer.from(JSON.stringify(content)) });
    if (answer.status !== 200) return answer;
    const { versions } = this.functions.get(reference.name)!;
    const { zip, forgotten } = versions.get('$LATEST')!;
    versions.set('$LATEST', { zip, forgotten: { ...forgotten, ...pick(content, FORGOTTEN_SETTINGS) } });
    return this.completed(answer, reference);
  }

  private async publishVersion(request: AwsRequest, reference: FunctionReference): Promise<AwsResponse> {
    const answer = await this.upstream.forward(request);
    if (answer.status !== 201) return answer;
    const { versions } = this.functions.get(reference.name)!;
    const { Version } = JSON.parse(answer.body.toString());
    // moto answers with the version that is there when nothing has changed; that one stays as it is.
    if (!versions.has(Version)) versions.set(Version, versions.get('$LATEST')!);
    return this.completed(answer, reference);
  }

  private async deleteFunction(request: AwsRequest, reference: FunctionReference): Promise<AwsResponse> {
    const answer = await this.upstream.forward(request);
    if (answer.status >= 300) return answer;
    if (reference.qualifier) this.functions.get(reference.name)?.versions.delete(reference.qualifier);
    else this.functions.delete(reference.name);
    return answer;
  }

  private async publishLayer(request: AwsRequest): Promise<AwsResponse> {
    const zip = await this.zipOf(JSON.parse(request.body.toString()).Content ?? {});
    const answer = await this.upstream.forward(request);
    if (answer.status === 201) this.layers.set(JSON.parse(answer.body.toString()).LayerVersionArn, zip);
    return answer;
  }

  /** moto keeps one list of these for a function and all its versions, and asks for the first. */
  private async eventInvokeConfig(request: AwsRequest, reference: FunctionReference): Promise<AwsResponse> {
    const arn = await this.arnOf(reference);
    const known = this.eventInvokeConfigs.get(arn);
    if (request.method === 'PUT' || request.method === 'POST') {
      const content = JSON.parse(request.body.toString());
      const refused = await this.destinationRefusal(reference, content);
      if (refused) return jsonRefusal(400, 'InvalidParameterValueException', refused);
      const before = request.method === 'POST' ? known : {};
      const config = { ...before, ...content, FunctionArn: arn, LastModified: Date.now() / 1000 };
      this.eventInvokeConfigs.set(arn, config);
      return jsonResponse(200, config);
    }
    if (!known) {
      return jsonRefusal(404, 'ResourceNotFoundException', `The function ${arn} doesn't have an EventInvokeConfig`);
    }
    if (request.method === 'GET') return jsonResponse(200, known);
    this.eventInvokeConfigs.delete(arn);
    return jsonResponse(204, undefined);
  }

  /** @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations-permissions */
  private async destinationRefusal(
    reference: FunctionReference,
    { DestinationConfig }: EventInvokeConfig,
  ): Promise<string | undefined> {
    const destination = DestinationConfig?.OnFailure?.Destination;
    const [action, operation] = DESTINATION_ACTIONS[partsOf(destination ?? '').service] ?? [];
    if (!destination || !action) return undefined;
    const path = `/2015-03-31/functions/${reference.name}/configuration`;
    const { Role } = JSON.parse((await this.upstream.call('lambda', 'GET', path)).toString());
    return (await this.permissions.roleAllows(Role, action, destination))
      ? undefined
      : `The function's execution role does not have permissions to call ${operation} on ${destination}`;
  }

  private async forward(request: AwsRequest, reference?: FunctionReference): Promise<AwsResponse> {
    const answer = await this.upstream.forward(request);
    return reference ? this.completed(answer, reference) : answer;
  }

  /**
   * Puts into an answer what moto forgets of a function's configuration; without it every second plan would want to
   * set it once more.
   */
  private completed(answer: AwsResponse, reference: FunctionReference): AwsResponse {
    if (answer.status >= 300) return answer;
    const content = JSON.parse(answer.body.toString() || '{}');
    const configuration = content.Configuration ?? content;
    const kept = this.functions.get(reference.name)?.versions.get(configuration.Version);
    if (!kept || !configuration.FunctionArn) return answer;
    Object.assign(configuration, kept.forgotten);
    configuration.LoggingConfig = {
      LogFormat: 'Text',
      LogGroup: `/aws/lambda/${reference.name}`,
      ...configuration.LoggingConfig,
    };
    return { ...answer, body: Buffer.from(JSON.stringify(content)) };
  }

  private async zipOf(code: { ZipFile?: string; S3Bucket?: string; S3Key?: string }): Promise<Buffer> {
    if (code.ZipFile) return Buffer.from(code.ZipFile, 'base64');
    if (code.S3Bucket && code.S3Key) {
      const key = code.S3Key.split('/').map(encodeURIComponent).join('/');
      return this.upstream.call('s3', 'GET', `/${code.S3Bucket}/${key}`);
    }
    throw new Error('The sandbox runs Lambda functions of zip files only, not of container images.');
  }
}

/** The largest request for a function's code or a layer, as AWS has it; the zip travels in it as base64. */
const MAX_UPLOAD_BYTES = 70_167_211;

/** As much of the log as an invocation's caller is shown. */
const MAX_LOG_TAIL_BYTES = 4096;

const MAX_RECORDED = 200;

/** How often Lambda repeats a failed event by default. */
const DEFAULT_RETRIES = 2;

/** How an event ended: the answer of the last attempt. */
export interface DeliveredEvent extends InvocationAnswer {
  readonly attempts: number;
}

interface EventInvokeConfig {
  readonly MaximumRetryAttempts?: number;
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination?: string } };
}

/** What a function's role must allow, by the service of the destination. */
const DESTINATION_ACTIONS: Record<string, readonly [action: string, operation: string]> = {
  sqs: ['sqs:SendMessage', 'SendMessage'],
  sns: ['sns:Publish', 'Publish'],
  lambda: ['lambda:InvokeFunction', 'InvokeFunction'],
};

/** What Lambda sends to a destination for failures. */
function failureRecord(
  requestId: string,
  functionArn: string,
  event: string,
  { version, functionError, payload }: InvocationAnswer,
  attempts: number,
): string {
  return JSON.stringify({
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: { requestId, functionArn, condition: 'RetriesExhausted', approximateInvokeCount: attempts },
    requestPayload: JSON.parse(event),
    responseContext: { statusCode: 200, executedVersion: version, functionError },
    responsePayload: JSON.parse(payload),
  });
}

function partsOf(arn: string): { service: string; account: string; resource: string } {
  const [, , service = '', , account = '', ...resource] = arn.split(':');
  return { service, account, resource: resource.join(':') };
}

/** Settings of a function that moto never stores, or does not change on an update. */
const FORGOTTEN_SETTINGS = ['DeadLetterConfig', 'LoggingConfig', 'EphemeralStorage', 'TracingConfig', 'KMSKeyArn'];

type ForgottenSettings = Record<string, any>;

interface KeptFunction {
  /** By version, and `$LATEST`. What stands here is never changed, only replaced. */
  readonly versions: Map<string, { readonly zip: Buffer; readonly forgotten: ForgottenSettings }>;
}

function pick(content: Record<string, unknown>, names: string[]): ForgottenSettings {
  return Object.fromEntries(names.filter((name) => content[name] !== undefined).map((name) => [name, content[name]]));
}

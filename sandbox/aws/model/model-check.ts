import { ModelledCall, modelledCall } from './modelled-call';
import { ServiceModels } from './service-model';
import { Violation, violationsOf } from './violations';
import { AwsRequest, AwsResponse, refusalIn, serviceOf } from '../message';
import { ruleRefusal } from '../service-rules';

/** What was seen of one operation. */
export interface SeenOperation {
  readonly service: string;
  readonly operation: string;
  readonly calls: number;
  /** Of the call with the most members that kept to the model. It may hold secrets: for this process only. */
  readonly input: Record<string, unknown>;
  /** What calls did against the model; each such call was refused. */
  readonly violations: readonly Violation[];
}

/**
 * Compares every request with AWS's own model of its service, and with the rules that only AWS's documentation has, before
 * anything answers it. A request against them is refused as AWS refuses it.
 */
export class ModelCheck {
  private readonly operations = new Map<string, SeenOperation>();
  private readonly unknownRequests = new Set<string>();

  constructor(private readonly models: ServiceModels) {}

  /** By service and operation, in the order in which they were first seen. */
  get seen(): SeenOperation[] {
    return [...this.operations.values()];
  }

  /** Requests for which no model was found, so that nothing of them was compared. */
  get unchecked(): string[] {
    return [...this.unknownRequests];
  }

  /** @returns AWS's refusal, or undefined for a request that keeps to the model */
  refusal(request: AwsRequest): AwsResponse | undefined {
    const service = serviceOf(request.headers);
    const model = this.models.find(service);
    const call = model && modelledCall(model, request);
    if (!model || !call) {
      this.unknownRequests.add(`${service || '(not signed)'} ${request.method} ${request.url.split('?')[0]}`);
      return undefined;
    }
    const { input } = call.operation;
    const violations = input ? violationsOf(model, model.resolve(input), call.input) : [];
    this.record(service, call, violations);
    if (violations.length === 0) {
      const refused = ruleRefusal(service, call.operation.name, call.input);
      return refused && refusalIn(service, request, 400, refused.code, refused.message);
    }
    const count = `${violations.length} validation error${violations.length === 1 ? '' : 's'} detected`;
    const message = `${count}: ${violations.map(({ message: text }) => text).join('; ')}`;
    const codes = ERROR_CODES[service] ?? DEFAULT_CODES;
    const code = violations[0].kind === 'required' ? (codes.required ?? codes.other) : codes.other;
    return refusalIn(service, request, 400, code, message);
  }

  private record(service: string, { operation, input }: ModelledCall, violations: readonly Violation[]): void {
    const key = `${service}:${operation.name}`;
    const before = this.operations.get(key);
    const isFuller = violations.length === 0 && Object.keys(input).length > Object.keys(before?.input ?? {}).length;
    this.operations.set(key, {
      service,
      operation: operation.name,
      calls: (before?.calls ?? 0) + 1,
      input: isFuller ? input : (before?.input ?? {}),
      violations: [...(before?.violations ?? []), ...violations],
    });
  }
}

interface ErrorCodes {
  /** Where something is missing, if AWS has a code of its own for that. */
  readonly required?: string;
  readonly other: string;
}

const DEFAULT_CODES: ErrorCodes = { other: 'ValidationException' };

/** The names under which services refuse what is against their model ("Common errors" of each one's API reference). */
const ERROR_CODES: Record<string, ErrorCodes> = {
  ec2: { required: 'MissingParameter', other: 'InvalidParameterValue' },
  iam: { other: 'ValidationError' },
  logs: { other: 'InvalidParameterException' },
  monitoring: { other: 'ValidationError' },
  rds: { required: 'MissingParameter', other: 'InvalidParameterValue' },
  s3: { other: 'InvalidArgument' },
  sns: { other: 'InvalidParameter' },
  sqs: { required: 'MissingParameter', other: 'InvalidParameterValue' },
  sts: { other: 'ValidationError' },
};

import { randomUUID } from 'node:crypto';
import { AwsRequest, AwsResponse, jsonRefusal, jsonResponse } from './message';
import { RolePermissions } from './permissions';
import { EmulatedService, Upstream } from './upstream';

/** A line of a log, with the fields of `FilteredLogEvent`. */
interface LogLine {
  readonly eventId: string;
  readonly logStreamName: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
}

/** What wrote a log: a version of a function. */
export interface LoggingFunction {
  readonly functionArn: string;
  readonly version: string;
  readonly roleArn: string;
}

interface FilterInput {
  readonly logGroupName: string;
  readonly logStreamNames?: readonly string[];
  readonly startTime?: number;
  readonly endTime?: number;
  readonly filterPattern?: string;
}

/** The one form of a pattern that the sandbox knows: a field of a JSON line has a value. */
const FIELD_PATTERN = /^\{ \$\.(\w+) = "([^"]*)" \}$/;

/**
 * CloudWatch Logs with what the functions write. The lines are kept here: moto drops those of a clock that is set ahead,
 * and returns every line where a pattern asks for a field.
 */
export class LogsService implements EmulatedService {
  readonly name = 'logs';
  private readonly groups = new Map<string, LogLine[]>();
  private readonly streams = new Map<string, string>();

  constructor(
    private readonly upstream: Upstream,
    private readonly permissions: RolePermissions,
    private readonly now: () => Date,
    /** Is given the lines that were written. */
    private readonly afterWrite: (lines: readonly string[]) => Promise<void> = async () => undefined,
  ) {}

  async answer(request: AwsRequest): Promise<AwsResponse> {
    const [, operation] = String(request.headers['x-amz-target'] ?? '').split('.');
    if (operation === 'DeleteLogGroup') this.groups.delete(JSON.parse(request.body.toString()).logGroupName);
    return operation === 'FilterLogEvents' ? this.filter(request) : this.upstream.forward(request);
  }

  /** Lambda writes with the rights of the function's role, into a group that is there; else the lines are lost. */
  async write({ functionArn, version, roleArn }: LoggingFunction, log: string): Promise<void> {
    const [, partition, , region, account, , name] = functionArn.split(':');
    const group = `/aws/lambda/${name}`;
    const time = this.now().getTime();
    const stream =
      this.streams.get(`${name}:${version}`) ??
      `${this.now().toISOString().slice(0, 10).replaceAll('-', '/')}/[${version}]${randomUUID().replaceAll('-', '')}`;
    this.streams.set(`${name}:${version}`, stream);
    const resource = `arn:${partition}:logs:${region}:${account}:log-group:${group}:log-stream:${stream}`;
    const allowed = await Promise.all(
      ['logs:CreateLogStream', 'logs:PutLogEvents'].map(async (action) =>
        this.permissions.roleAllows(roleArn, action, resource),
      ),
    );
    if (!allowed.every(Boolean) || !(await this.hasGroup(group))) return;
    const lines = log.split('\n').filter((message) => message !== '');
    this.groups.set(group, [
      ...(this.groups.get(group) ?? []),
      ...lines.map((message) => ({
        eventId: randomUUID(),
        logStreamName: stream,
        timestamp: time,
        ingestionTime: time,
        message,
      })),
    ]);
    await this.afterWrite(lines);
  }

  private async hasGroup(name: string): Promise<boolean> {
    const target = 'Logs_20140328.DescribeLogGroups';
    const body = await this.upstream.call('logs', 'POST', '/', { target, body: { logGroupNamePrefix: name } });
    return JSON.parse(body.toString()).logGroups.some((group: { logGroupName: string }) => group.logGroupName === name);
  }

  private async filter(request: AwsRequest): Promise<AwsResponse> {
    const input: FilterInput = JSON.parse(request.body.toString());
    if (!(await this.hasGroup(input.logGroupName))) {
      return jsonRefusal(400, 'ResourceNotFoundException', 'The specified log group does not exist.');
    }
    const [, field, value] = FIELD_PATTERN.exec(input.filterPattern ?? '') ?? [];
    if (input.filterPattern !== undefined && field === undefined) {
      return jsonRefusal(400, 'InvalidParameterException', `The sandbox has no pattern ${input.filterPattern}`);
    }
    const events = (this.groups.get(input.logGroupName) ?? []).filter(
      ({ logStreamName, timestamp, message }) =>
        (input.logStreamNames?.includes(logStreamName) ?? true) &&
        timestamp >= (input.startTime ?? 0) &&
        timestamp <= (input.endTime ?? Infinity) &&
        (field === undefined || fieldOf(message, field) === value),
    );
    return jsonResponse(200, { events, searchedLogStreams: [] });
  }
}

function fieldOf(message: string, field: string): unknown {
  try {
    return Object(JSON.parse(message))[field];
  } catch {
    // A line of Lambda itself.
    return undefined;
  }
}

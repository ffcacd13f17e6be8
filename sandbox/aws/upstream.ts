import { addressedTo, AwsRequest, AwsResponse, send } from './message';

/** The emulator behind the gateway: forwarded requests, and the sandbox's own calls. */
export class Upstream {
  constructor(
    private readonly endpoint: string,
    private readonly region: string,
  ) {}

  async forward(request: AwsRequest): Promise<AwsResponse> {
    return send(this.endpoint, request);
  }

  /** A call of the sandbox's own. @throws unless it is answered with 200 */
  async call(service: string, method: string, url: string, content: CallContent = {}): Promise<Buffer> {
    const headers = {
      ...addressedTo(service, this.region),
      host: new URL(this.endpoint).host,
      ...(content.target && { 'x-amz-target': content.target, 'content-type': 'application/x-amz-json-1.1' }),
    };
    const body = Buffer.from(content.body === undefined ? '' : JSON.stringify(content.body));
    const answer = await this.forward({ method, url, headers, body });
    if (answer.status !== 200) {
      throw new Error(`${service} answered ${answer.status} to ${method} ${url}: ${answer.body.toString().trim()}`);
    }
    return answer.body;
  }

  /** Gives a message to an SNS topic. */
  async publish(TopicArn: string, Message: string): Promise<void> {
    const query = { Action: 'Publish', Version: '2010-03-31', TopicArn, Message };
    await this.call('sns', 'GET', `/?${new URLSearchParams(query)}`);
  }
}

export interface CallContent {
  /** The operation, for services that take it from a header. */
  readonly target?: string;
  readonly body?: unknown;
}

/** A service of which the sandbox answers some requests itself. */
export interface EmulatedService {
  readonly name: string;
  answer(request: AwsRequest): Promise<AwsResponse>;
}

import { AwsRequest, AwsResponse, escapeXml } from './message';
import { EmulatedService, Upstream } from './upstream';

/**
 * EC2 with descriptions of security group rules, and with the endpoints of AWS's services. moto forgets the description of
 * a rule that allows another group, so that each second plan would set it again, and has endpoints for few services.
 */
export class Ec2Service implements EmulatedService {
  readonly name = 'ec2';
  /** By the rule's id. */
  private readonly descriptions = new Map<string, string>();

  constructor(private readonly upstream: Upstream) {}

  async answer(request: AwsRequest): Promise<AwsResponse> {
    const parameters = new URLSearchParams(request.body.toString());
    const action = parameters.get('Action') ?? '';
    if (action === 'DescribeVpcEndpointServices') return describeEndpointServices(parameters);
    const answer = await this.upstream.forward(request);
    if (!action.includes('SecurityGroup') || answer.status !== 200) return answer;

    const xml = answer.body.toString();
    if (action === 'ModifySecurityGroupRules') {
      const id = parameters.get('SecurityGroupRule.1.SecurityGroupRuleId');
      this.remember(id, parameters.get('SecurityGroupRule.1.SecurityGroupRule.Description'));
    } else if (action.startsWith('AuthorizeSecurityGroup')) {
      // The provider authorizes one rule at a time.
      const description = [...parameters].find(([name]) => /^IpPermissions\.1\.\w+\.1\.Description$/.test(name));
      this.remember(/<securityGroupRuleId>(.*?)</.exec(xml)?.[1], description?.[1]);
    }
    return { ...answer, body: Buffer.from(this.withDescriptions(xml)) };
  }

  private remember(id: string | null | undefined, description: string | null | undefined): void {
    if (id && description) this.descriptions.set(id, description);
  }

  private withDescriptions(xml: string): string {
    return xml.replace(
      /(<securityGroupRuleId>(.*?)<\/securityGroupRuleId>)(.*?)(<tagSet)/gs,
      (whole, rule: string, id: string, between: string, tags: string) => {
        const description = this.descriptions.get(id);
        if (description === undefined || between.includes('<description>')) return whole;
        return `${rule}${between}<description>${escapeXml(description)}</description>${tags}`;
      },
    );
  }
}

/** Kinds of endpoints (https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html). */
const ENDPOINT_SERVICES = [
  { name: 's3', kinds: ['Gateway', 'Interface'] },
  { name: 'secretsmanager', kinds: ['Interface'] },
];

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html */
function describeEndpointServices(parameters: URLSearchParams): AwsResponse {
  const values = (pattern: RegExp) => [...parameters].filter(([name]) => pattern.test(name)).map(([, value]) => value);
  const names = values(/^ServiceName\.\d+$/);
  const filters = values(/^Filter\.\d+\.Name$/);
  const wanted = filters.includes('service-type') ? values(/^Filter\.\d+\.Value\.\d+$/) : [];
  const services = ENDPOINT_SERVICES.flatMap(({ name, kinds }) =>
    kinds.map((kind) => ({ name: `com.amazonaws.us-east-1.${name}`, kind })),
  ).filter(
    ({ name, kind }) =>
      (names.length === 0 || names.includes(name)) &&
      (wanted.length === 0 || wanted.includes(kind)) &&
      // The services of AWS have no tags.
      !filters.some((filter) => filter.startsWith('tag')),
  );
  const details = services.map(
    ({ name, kind }) =>
      `<item><serviceId>vpce-svc-${name}</serviceId><serviceName>${name}</serviceName>` +
      `<serviceType><item><serviceType>${kind}</serviceType></item></serviceType><owner>amazon</owner>` +
      '<acceptanceRequired>false</acceptanceRequired><managesVpcEndpoints>false</managesVpcEndpoints></item>',
  );
  return xmlAnswer('DescribeVpcEndpointServicesResponse', `<serviceDetailSet>${details.join('')}</serviceDetailSet>`);
}

function xmlAnswer(name: string, content: string): AwsResponse {
  const xml = `<${name} xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>sandbox</requestId>${content}</${name}>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body: Buffer.from(xml) };
}

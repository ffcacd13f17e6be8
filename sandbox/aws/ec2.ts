import { AwsRequest, AwsResponse, escapeXml } from './message';
import { EmulatedService, Upstream } from './upstream';

/**
 * EC2 with descriptions of security group rules. moto forgets the description of a rule that allows another group, so that
 * each second plan would set it again.
 */
export class Ec2Service implements EmulatedService {
  readonly name = 'ec2';
  /** By the rule's id. */
  private readonly descriptions = new Map<string, string>();

  constructor(private readonly upstream: Upstream) {}

  async answer(request: AwsRequest): Promise<AwsResponse> {
    const answer = await this.upstream.forward(request);
    const parameters = new URLSearchParams(request.body.toString());
    const action = parameters.get('Action') ?? '';
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

import { Ec2Service } from '../../../sandbox/aws/ec2';
import { AwsRequest } from '../../../sandbox/aws/message';
import { Upstream } from '../../../sandbox/aws/upstream';

const rule = (id: string, more = '') =>
  `<item><securityGroupRuleId>${id}</securityGroupRuleId>${more}<tagSet><item><key>k</key></item></tagSet></item>`;

/** EC2 in front of an emulator that has a fixed answer. */
function ec2(): (answer: string, parameters: Record<string, string>) => Promise<string> {
  let text = '';
  const upstream = { forward: async () => ({ status: 200, headers: {}, body: Buffer.from(text) }) };
  const service = new Ec2Service(upstream as unknown as Upstream);
  return async (answer, parameters) => {
    text = answer;
    const body = Buffer.from(new URLSearchParams(parameters).toString());
    const request: AwsRequest = { method: 'POST', url: '/', headers: {}, body };
    return (await service.answer(request)).body.toString();
  };
}

test('a rule keeps its description until it is given another', async () => {
  const ask = ec2();
  await ask(rule('sgr-1'), {
    Action: 'AuthorizeSecurityGroupIngress',
    'IpPermissions.1.Groups.1.Description': 'A & B',
  });
  const both = rule('sgr-1') + rule('sgr-2');
  const describe = { Action: 'DescribeSecurityGroupRules' };
  expect(await ask(both, describe)).toBe(rule('sgr-1', '<description>A &amp; B</description>') + rule('sgr-2'));
  await ask('', {
    Action: 'ModifySecurityGroupRules',
    'SecurityGroupRule.1.SecurityGroupRuleId': 'sgr-1',
    'SecurityGroupRule.1.SecurityGroupRule.Description': 'C',
  });
  expect(await ask(both, describe)).toBe(rule('sgr-1', '<description>C</description>') + rule('sgr-2'));
});

test('one that the emulator tells stays as it is told', async () => {
  const ask = ec2();
  const told = rule('sgr-1', '<description>told</description>');
  await ask(told, { Action: 'AuthorizeSecurityGroupEgress', 'IpPermissions.1.IpRanges.1.Description': 'told' });
  expect(await ask(told, { Action: 'DescribeSecurityGroupRules' })).toBe(told);
});

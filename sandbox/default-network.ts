import { send } from './aws/message';
import { signedHeaders } from './aws/signature';

/** The network that the emulated account comes with. */
export interface DefaultNetwork {
  readonly vpcId: string;
  readonly subnetIds: string[];
}

/** Asks the sandbox's AWS for the account's default VPC and two of its subnets. */
export async function defaultNetwork(endpoint: string, region: string): Promise<DefaultNetwork> {
  const body = 'Action=DescribeSubnets&Version=2016-11-15';
  const keys = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' };
  const { host } = new URL(endpoint);
  const headers = signedHeaders({ method: 'POST', host, body, service: 'ec2', region }, keys);
  const answer = await send(endpoint, { method: 'POST', url: '/', headers, body: Buffer.from(body) });
  const text = answer.body.toString();
  const all = (element: string) =>
    [...text.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'g'))].map(([, value]) => value);
  const [vpcId] = all('vpcId');
  const subnetIds = all('subnetId').slice(0, 2);
  if (answer.status !== 200 || vpcId === undefined || subnetIds.length < 2) {
    throw new Error(`The sandbox's AWS shows no default network; it answered ${answer.status}: ${text}`);
  }
  return { vpcId, subnetIds };
}

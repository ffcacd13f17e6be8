import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformStack } from 'cdktf';
import { DatabaseNetwork } from 'cdktf-managed-database';

const app = new App();
const stack = new TerraformStack(app, 'network');
new AwsProvider(stack, 'aws');
DatabaseNetwork.create(stack, 'Network', {
  natGateway: process.env.NAT_GATEWAY === '1',
  availabilityZones: process.env.ZONES?.split(','),
  tags: { team: 'orders' },
});
app.synth();

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformStack } from 'cdktf';
import { DatabaseEngine, DatabaseNetwork, DatabasePlan, ManagedDatabase } from '../../src';

test('a synthesis starts no program: CDKTF would ask for the version of Terraform once for each database', () => {
  // CDKTF's own reference to the module.
  const childProcess = jest.requireActual<{ execSync: () => unknown }>('child_process');
  const execSync = jest.spyOn(childProcess, 'execSync');
  const app = new App();
  const stack = new TerraformStack(app, 'stack');
  new AwsProvider(stack, 'aws', { region: 'eu-central-1' });
  new ManagedDatabase(stack, 'Orders', {
    identifier: 'orders',
    engine: DatabaseEngine.postgres('17'),
    plan: DatabasePlan.SMALL,
    network: DatabaseNetwork.of({ vpcId: 'vpc-0123abcd', subnetIds: ['subnet-0123abcd', 'subnet-4567cdef'] }),
  });
  stack.runAllValidations();
  expect(execSync).not.toHaveBeenCalled();
});

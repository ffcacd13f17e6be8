import { App, TerraformStack } from 'cdktf';
import { DatabaseEngine, DatabaseNetwork, DatabasePlan, ManagedDatabase } from 'cdktf-managed-database';

/** An identifier that RDS refuses: the error of the library. */
const stack = new TerraformStack(new App(), 'wrong');
new ManagedDatabase(stack, 'Orders', {
  identifier: 'Orders!',
  engine: DatabaseEngine.postgres('17'),
  plan: DatabasePlan.SMALL,
  network: DatabaseNetwork.of({ vpcId: 'vpc-0123abcd', subnetIds: ['subnet-0123abcd', 'subnet-4567cdef'] }),
});

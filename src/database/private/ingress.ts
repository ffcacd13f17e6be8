import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { InvalidInput } from '../../private/invalid-input';
import { required, resourceId } from '../../private/rules';
import { IManagedDatabase } from '../database';

/**
 * Allows the members of a security group to connect to a database.
 *
 * @throws where the id is none of a security group
 */
export function allowIngress(database: IManagedDatabase, id: string, securityGroupId: string): void {
  InvalidInput.check(database, [
    required('id of allowIngressFrom', id, 'Give the rule an id of its own.'),
    required('securityGroupId', securityGroupId, 'Name the security group of the clients.'),
    resourceId('securityGroupId', 'sg', securityGroupId),
  ]);
  new VpcSecurityGroupIngressRule(database, id, {
    securityGroupId: database.securityGroupId,
    referencedSecurityGroupId: securityGroupId,
    ipProtocol: 'tcp',
    fromPort: database.port,
    toPort: database.port,
  });
}

import { DatabaseNetwork, ManagedDatabase } from '../../src';
import { newDatabase, newScheduledBackup, newStack, SECRET_ARN, Synthesized } from '../support/synth';

const guardOf = (result: Synthesized) => result.one('aws_lambda_invocation', 'DeletionGuard');

describe('The deletion guard', () => {
  test('is destroyed before everything that belongs to a database and its backups', () => {
    const stack = newStack();
    const network = DatabaseNetwork.create(stack, 'Network', { natGateway: true });
    const database = newDatabase(stack, 'Orders', { network });
    newScheduledBackup(stack, database, { alarmTopicArns: ['arn:aws:sns:eu-central-1:123456789012:on-call'] });
    database.allowIngressFrom('Clients', 'sg-0123abcd');
    const result = Synthesized.of(stack);
    const guard = guardOf(result);
    const kept = result.before(guard);
    const lost = result.resources.filter(
      (resource) => !resource.address.startsWith('data.') && !kept.has(resource.address) && resource !== guard,
    );
    expect(lost.map(({ path }) => path)).toEqual([]);
  });

  test.each([
    [true, 'CRUD'],
    [undefined, 'CRUD'],
    [false, 'CREATE_ONLY'],
  ])('with deletionProtection %s, invokes the function in the scope %s', (deletionProtection, scope) => {
    const stack = newStack();
    newScheduledBackup(stack, newDatabase(stack, 'Orders', { deletionProtection }));
    const { body } = guardOf(Synthesized.of(stack));
    expect(body).toMatchObject({ lifecycle_scope: scope, input: '{"action":"refuse-deletion","database":"orders"}' });
    expect(body).not.toHaveProperty('qualifier');
  });

  test('is not made for a database that was brought in', () => {
    const stack = newStack();
    const { network, engine, plan } = newDatabase(stack);
    const database = ManagedDatabase.fromManagedDatabaseAttributes(stack, 'Users', {
      ...{ identifier: 'users', address: 'db.example.com', masterSecretArn: SECRET_ARN },
      ...{ securityGroupId: 'sg-0123abcd', network, engine, plan },
    });
    newScheduledBackup(stack, database);
    const invocations = Synthesized.of(stack).all('aws_lambda_invocation');
    expect(invocations.filter(({ path }) => path.includes('DeletionGuard'))).toEqual([]);
  });
});

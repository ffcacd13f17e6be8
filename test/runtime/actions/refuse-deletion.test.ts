import { refuseDeletion } from '../../../src/runtime/actions/refuse-deletion';

const REQUEST = { action: 'refuse-deletion', database: 'orders' } as const;

test.each(['create', 'update'] as const)('passes when Terraform has to %s the invocation', async (action) => {
  await expect(refuseDeletion({ ...REQUEST, tf: { action } })).resolves.toEqual({ database: 'orders' });
});

test('fails when Terraform deletes the invocation, and says how to delete the database', async () => {
  await expect(refuseDeletion({ ...REQUEST, tf: { action: 'delete' } })).rejects.toMatchObject({
    kind: 'Refused',
    message: expect.stringMatching(/Database orders is protected .*deletionProtection set to false, deploy/),
  });
});

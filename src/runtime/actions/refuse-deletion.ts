import { ActionError } from '../../contract/action-error';
import { RefuseDeletionAnswer, RefuseDeletionRequest } from '../../contract/requests';

/**
 * Fails where Terraform deletes the invocation of a protected database: everything that the invocation depends on, such
 * as schedules and alarms, then stays.
 */
export async function refuseDeletion({ database, tf }: RefuseDeletionRequest): Promise<RefuseDeletionAnswer> {
  if (tf?.action === 'delete') {
    throw new ActionError(
      'Refused',
      `Database ${database} is protected from deletion, so it stays, with its backups and alarms. To delete it, put it ` +
        'back into the program with deletionProtection set to false, deploy, then remove it.',
    );
  }
  return { database };
}

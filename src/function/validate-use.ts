import { TerraformStack, Token } from 'cdktf';
import { Construct } from 'constructs';
import { leavesRoomForKeys, MAXIMUM_KEY_BYTES } from '../contract/storage-rules';
import { IManagedDatabase } from '../database/database';
import { InvalidInput, Problem } from '../private/invalid-input';
import { checkedValue, required } from '../private/rules';
import { BackupStorage } from '../storage/backup-storage';

/**
 * Checks that a construct can use a storage for the backups of a database.
 *
 * @throws with the path of the construct
 */
export function validateUse(scope: Construct, database: IManagedDatabase, storage: BackupStorage): void {
  InvalidInput.check(scope, [
    required('database', database, 'Pass a ManagedDatabase, a RestoredDatabase or one that was brought in.'),
    ...checkedValue('storage', storage, 'a method of BackupStorage, such as BackupStorage.amazonS3'),
  ]);
  requireSameStack(scope, database);
  InvalidInput.check(scope, storageProblems(storage, database.identifier, scope));
}

/** What is wrong with a storage for the backups of one database. */
export function storageProblems(
  storage: BackupStorage,
  databaseIdentifier: string,
  scope: Construct,
): (Problem | undefined)[] {
  return [
    ...storage.credentials._keyProblems(scope),
    Token.isUnresolved(storage.path) || leavesRoomForKeys(storage.path, databaseIdentifier)
      ? undefined
      : {
          rule: `The path of a backup storage leaves room for the keys of the backups, which have at most ${MAXIMUM_KEY_BYTES} bytes.`,
          value: storage.path,
          remedy: 'Choose a shorter path.',
        },
  ];
}

/** Refuses to put what uses a database into another stack: both would wait for each other. */
function requireSameStack(scope: Construct, database: IManagedDatabase): void {
  const [here, there] = [scope, database].map((construct) => TerraformStack.of(construct));
  if (here !== there) {
    throw InvalidInput.of(
      'What uses the backup function of a database is declared in the stack of that database: its connection test comes before the database, and its schedule after it.',
      here.node.path,
      `Declare it in ${there.node.path}, or bring the database in with ManagedDatabase.fromManagedDatabaseAttributes in ${here.node.path}.`,
      scope,
    );
  }
}

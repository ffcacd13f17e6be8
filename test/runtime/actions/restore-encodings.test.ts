import { backUp } from '../../../src/runtime/actions/back-up';
import { restore } from '../../../src/runtime/actions/restore';
import { connectionTo, createEncodedDatabase, encodedDigest, withBytes } from '../../support/encoded-database';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';

jest.setTimeout(240_000);

/** One of each kind: bytes alone, one byte a character, several, no conversion at all, and those whose conversion loses. */
const ENCODINGS = ['SQL_ASCII', 'LATIN1', 'WIN1252', 'EUC_JP', 'EUC_TW', 'MULE_INTERNAL', 'UTF8'];

let source: RealWorld;
let target: RestoreWorld;

beforeAll(async () => {
  source = await RealWorld.start(17);
  target = await RestoreWorld.start(source, 17, { username: 'Mäster', password: 'pass' });
});
afterAll(async () => {
  await target?.stop();
  await source?.stop();
});

test('every byte comes back in every encoding, names of databases and roles in UTF-8 included', async () => {
  // GIVEN
  await source.sql('postgres', 'CREATE ROLE "Jürgen"', 'GRANT "Jürgen" TO CURRENT_USER');
  const databases = ENCODINGS.map((encoding) => ({ database: `Größe ${encoding}`, encoding, owner: 'Jürgen' }));
  const before: string[] = [];
  for (const each of databases) {
    await createEncodedDatabase(connectionTo(source.server), each);
    before.push(await encodedDigest(connectionTo(source.server), each.database));
  }

  // WHEN
  await backUp(
    { action: 'back-up', storage: source.storageSettings, database: source.databaseSettings, retentionDays: 7 },
    source.runtime(),
  );
  await restore(target.request(), target.runtime());

  // THEN
  const after: string[] = [];
  for (const { database } of databases) after.push(await encodedDigest(connectionTo(target.target), database));
  expect(after).toEqual(before);
});

test('fails to back up a role whose name a database cannot write where the role owns something', async () => {
  // GIVEN
  await source.sql('postgres', 'CREATE ROLE "à"', 'GRANT "à" TO CURRENT_USER');
  // As when the role itself connects and creates it: the name is never written in the encoding of the database.
  const create = `DO $$ BEGIN EXECUTE format('CREATE SCHEMA s AUTHORIZATION %I', (SELECT rolname FROM pg_roles WHERE octet_length(rolname::text) = 2)); END $$`;
  const database = 'Größe EUC_JP';
  await withBytes(connectionTo(source.server), database, 'SQL_ASCII', async (client) => client.query(create));

  // WHEN
  const backup = backUp(
    { action: 'back-up', storage: source.storageSettings, database: source.databaseSettings, retentionDays: 7 },
    source.runtime(),
  );

  // THEN
  await expect(backup).rejects.toMatchObject({
    kind: 'BackupFailed',
    message: expect.stringContaining('role à in database Größe EUC_JP, encoding EUC_JP'),
  });
});

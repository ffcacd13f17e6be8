import { describeRemark } from '../../../src/contract/remark';
import { restore } from '../../../src/runtime/actions/restore';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';
import { backedUp } from '../restore/sample-backup';

let source: RealWorld;
let target: RestoreWorld;

beforeAll(async () => {
  source = await RealWorld.start(17);
  target = await RestoreWorld.start(source, 17, { username: 'shopmaster', password: 'pass' });
});
afterAll(async () => {
  await target?.stop();
  await source?.stop();
});

test('rows that users add to a table of an extension come back; rows that the master cannot read whole are a remark', async () => {
  // GIVEN an extension with a table of jobs that has row security, and one that is never empty
  await source.sql(
    'shop',
    'CREATE EXTENSION sandbox_cron',
    `SELECT sandbox_cron.schedule('VACUUM')`,
    `INSERT INTO sandbox_cron.reference VALUES (3, 'mine')`,
  );

  // WHEN
  await backedUp(source, '2026-11-22T03:00:00Z');
  const answer = await restore(target.request(), target.runtime());

  // THEN
  expect(answer.remarks.map(describeRemark)).toEqual([
    expect.stringMatching(/^database shop: table sandbox_cron\.job: its rows are not in the backup/),
  ]);
  expect(await target.sql('shop', 'SELECT name FROM sandbox_cron.reference ORDER BY id')).toEqual([
    { name: 'one' },
    { name: 'two' },
    { name: 'mine' },
  ]);
  expect(await target.sql('shop', `SELECT sandbox_cron.schedule('ANALYZE') AS id`)).toEqual([{ id: '1' }]);
});

import { refusedObjects } from '../../../src/runtime/restore/refused-objects';

const LISTING = [
  '215; 1259 16400 TABLE shop orders clerk',
  '3350; 0 16410 MATERIALIZED VIEW DATA shop totals clerk',
  '3200; 2606 16420 FK CONSTRAINT shop lines lines_order_fkey clerk',
  '3201; 1259 16430 INDEX shop orders_by_day clerk',
  '3202; 3256 16440 POLICY shop orders own clerk',
  '220; 1255 16450 FUNCTION shop vat(numeric, integer) clerk',
  '221; 0 16400 TABLE DATA shop orders clerk',
  '222; 3079 16460 EXTENSION - hstore ',
  '223; 6104 16470 PUBLICATION - everything clerk',
  '224; 1255 16480 FUNCTION my own shop net price(numeric, integer) chief clerk',
];

const ROLES = ['clerk', 'chief clerk'];

function refused(dumpId: number, statement = 'CREATE …;') {
  // pg_restore names the entry in its message as in the listing, without the schema.
  const line = LISTING.find((each) => each.startsWith(`${dumpId};`)) ?? '';
  const entry = line.replace(/^\d+; \d+ \d+ /, '').replace(/ (shop|my own shop|-) /, ' ');
  return refusedObjects([{ dumpId, entry, message: 'ERROR:  not here', statement }], LISTING, 'shop', ROLES)[0];
}

test.each([
  [3350, 'remark', 'materialized view data', 'shop', 'totals'],
  [220, 'remark', 'function', 'shop', 'vat(numeric, integer)'],
  [224, 'remark', 'function', 'my own shop', 'net price(numeric, integer)'],
  [3201, 'remark', 'index', 'shop', 'orders_by_day'],
  [223, 'remark', 'publication', undefined, 'everything'],
  [3200, 'enforced', 'fk constraint', 'shop', 'lines lines_order_fkey'],
  [3202, 'enforced', 'policy', 'shop', 'orders own'],
])('entry %d is of weight %s, and named', (dumpId, weight, type, schema, name) => {
  expect(refused(dumpId)).toEqual({
    weight,
    remark: {
      database: 'shop',
      type,
      ...(schema && { schema }),
      name,
      reason: 'the server refused it: not here',
      statement: 'CREATE …;',
    },
  });
});

test.each([215, 221, 222, 999])('entry %d could be data: the restore fails', (dumpId) => {
  expect(refused(dumpId).weight).toBe('data');
});

test('a unique index enforces something', () => {
  expect(refused(3201, 'CREATE UNIQUE INDEX orders_by_day ON shop.orders (day);').weight).toBe('enforced');
});

test('an object that was refused twice is named once', () => {
  const entry = 'FUNCTION vat(numeric, integer) clerk';
  const refusal = { dumpId: 220, entry, message: 'ERROR:  first', statement: 'CREATE FUNCTION' };
  const objects = refusedObjects([refusal, { ...refusal, message: 'ERROR:  second' }], LISTING, 'shop', ROLES);
  expect(objects.map(({ remark }) => remark.reason)).toEqual(['the server refused it: first']);
});

import { describeRemark } from '../../../src/contract/remark';
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
  '225; 6237 16490 PUBLICATION TABLES IN SCHEMA my shop all "of" it my shop clerk',
  '226; 6106 16500 PUBLICATION TABLE shop all "of" it orders clerk',
  '227; 2605 16510 CAST - CAST (integer AS shop.net price) ',
  '228; 3576 16520 TRANSFORM - TRANSFORM FOR integer LANGUAGE sql ',
];

const ROLES = ['clerk', 'chief clerk'];

function refused(dumpId: number, statement = 'CREATE …;') {
  // pg_restore names the entry in its message as in the listing, without the schema.
  const line = LISTING.find((each) => each.startsWith(`${dumpId};`)) ?? '';
  const entry = line.replace(/^\d+; \d+ \d+ /, '').replace(/ (shop|my own shop|my shop|-) /, ' ');
  return refusedObjects([{ dumpId, entry, message: 'ERROR:  not here', statement }], LISTING, 'shop', ROLES)[0];
}

test.each([
  [3350, 'remark', 'materialized view data', 'shop', 'totals'],
  [220, 'remark', 'function', 'shop', 'vat(numeric, integer)'],
  [224, 'remark', 'function', 'my own shop', 'net price(numeric, integer)'],
  [3201, 'remark', 'index', 'shop', 'orders_by_day'],
  [223, 'remark', 'publication', undefined, 'everything'],
  [227, 'remark', 'cast', undefined, 'integer AS shop.net price'],
  [228, 'remark', 'transform', undefined, 'FOR integer LANGUAGE sql'],
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

test.each([
  [225, 'ALTER PUBLICATION "all ""of"" it" ADD TABLES IN SCHEMA "my shop";', 'the tables in schema my shop'],
  [226, 'ALTER PUBLICATION "all ""of"" it" ADD TABLE ONLY shop.orders;', 'table shop.orders'],
])('entry %d is a part of a publication: the remark is about the publication', (dumpId, statement, part) => {
  const { weight, remark } = refused(dumpId, statement);
  expect(weight).toBe('remark');
  expect(describeRemark(remark)).toBe(
    `database shop: publication all "of" it: without ${part}: the server refused it: not here. ` +
      `Run by hand: ${statement}`,
  );
});

test.each([215, 221, 222, 999])('entry %d could be data: the restore fails', (dumpId) => {
  expect(refused(dumpId).weight).toBe('data');
});

function weightOf(kind: string) {
  const listing = [`7; 0 16400 ${kind} shop thing clerk`];
  const refusal = { dumpId: 7, entry: `${kind} thing clerk`, message: 'ERROR:  not here', statement: 'ALTER …;' };
  return refusedObjects([refusal], listing, 'shop', ROLES)[0].weight;
}

test.each([
  ...['CHECK CONSTRAINT', 'CONSTRAINT', 'DEFAULT', 'EVENT TRIGGER', 'FK CONSTRAINT', 'POLICY', 'ROW SECURITY', 'RULE'],
  'TRIGGER',
])('without a %s less is enforced', (kind) => {
  expect(weightOf(kind)).toBe('enforced');
});

test.each([
  ...['BLOB', 'BLOBS', 'BLOB METADATA', 'DOMAIN', 'EXTENSION', 'SCHEMA', 'SEQUENCE', 'SEQUENCE OWNED BY'],
  ...['SEQUENCE SET', 'TABLE', 'TABLE ATTACH', 'TABLE DATA', 'KIND OF A LATER VERSION'],
])('without a %s data could be missing', (kind) => {
  expect(weightOf(kind)).toBe('data');
});

test('a table that was refused is named', () => {
  expect(refused(215).remark).toMatchObject({ type: 'table', schema: 'shop', name: 'orders' });
});

test('a table whose access method alone was refused is a remark, but not one that was refused itself', () => {
  const method = { message: 'ERROR:  no method', statement: 'SET default_table_access_method = "columns";' };
  const entry = { dumpId: 215, entry: 'TABLE orders clerk' };
  expect(refused(215, method.statement).weight).toBe('remark');
  const table = { message: 'ERROR:  no type', statement: 'CREATE TABLE shop.orders (…);' };
  const objects = refusedObjects(
    [
      { ...entry, ...method },
      { ...entry, ...table },
    ],
    LISTING,
    'shop',
    ROLES,
  );
  expect(objects).toEqual([expect.objectContaining({ weight: 'data' })]);
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

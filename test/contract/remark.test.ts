import { describeRemark, distinctRemarks } from '../../src/contract/remark';

const FUNCTION = {
  database: 'shop',
  type: 'function',
  schema: 'billing',
  name: 'area(integer)',
  reason: 'written in c',
};
const ROLE = { type: 'role', name: 'auditor', reason: 'no BYPASSRLS', statement: 'ALTER ROLE auditor BYPASSRLS;' };

test('a remark is described with its database, schema and object', () => {
  expect(describeRemark(FUNCTION)).toBe('database shop: function billing.area(integer): written in c');
});

test('the description ends with the statement to run by hand', () => {
  expect(describeRemark(ROLE)).toBe('role auditor: no BYPASSRLS. Run by hand: ALTER ROLE auditor BYPASSRLS;');
});

test('the same remark is kept once', () => {
  expect(distinctRemarks([ROLE, FUNCTION, { ...ROLE }])).toEqual([ROLE, FUNCTION]);
});

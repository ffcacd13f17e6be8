import { columnOrderRemarks, InheritingTable } from '../../../src/runtime/postgres/column-order';
import * as fc from '../../support/properties';

const table = (id: string, columns: string, parents = ''): InheritingTable => ({
  ...{ id, schema: 's', name: id },
  columns: columns.split(''),
  parents: parents.split(''),
});

const named = (...tables: InheritingTable[]) => columnOrderRemarks(tables).map(({ name }) => name);

describe('the order of columns', () => {
  test('is kept where a table got its own columns last', () => {
    expect(named(table('p', 'ab'), table('c', 'abc', 'p'), table('d', 'abcd', 'c'))).toEqual([]);
  });

  test('is another where a parent, or one of its parents, got a column later', () => {
    expect(named(table('p', 'abx'), table('c', 'abcx', 'p'), table('d', 'abcdx', 'c'))).toEqual(['c', 'd']);
  });

  test('follows the order of several parents, each column once', () => {
    expect(named(table('p', 'ab'), table('q', 'bc'), table('c', 'abcd', 'pq'), table('d', 'abcd', 'qp'))).toEqual([
      'd',
    ]);
  });

  test('is named as it will be and as it was', () => {
    const [{ reason }] = columnOrderRemarks([table('p', 'ax'), table('c', 'abx', 'p')]);
    expect(reason).toMatch(/in the order a, x, b, not a, b, x,/);
  });

  test('is kept in a table that was restored once', () => {
    const columns = fc.uniqueArray(fc.constantFrom(...'abcdefg'), { minLength: 1 });
    fc.assert(
      fc.property(columns, columns, columns, (first, second, own) => {
        const inherited = [...new Set([...first, ...second])];
        const child = [...inherited, ...own.filter((each) => !inherited.includes(each))];
        const tables = [table('p', first.join('')), table('q', second.join('')), table('c', child.join(''), 'pq')];
        expect(named(...tables)).toEqual([]);
      }),
    );
  });
});

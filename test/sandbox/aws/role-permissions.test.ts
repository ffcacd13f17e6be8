import { isAllowed, PolicyStatement } from '../../../sandbox/aws/role-permissions';
import * as fc from '../../support/properties';

const OBJECT = 'arn:aws:s3:::company-backups/production/orders/catalog.a.json';

function allow(action: string | string[], resource: string | string[], more: object = {}): PolicyStatement {
  return { Effect: 'Allow', Action: action, Resource: resource, ...more };
}

function decide(...statements: PolicyStatement[]): boolean {
  return isAllowed([{ Statement: statements }], 's3:GetObject', OBJECT);
}

describe('isAllowed', () => {
  test('allows what one statement of one policy allows', () => {
    expect(isAllowed([], 's3:GetObject', OBJECT)).toBe(false);
    expect(decide(allow(['s3:PutObject', 's3:GetObject'], ['arn:aws:s3:::other/*', OBJECT]))).toBe(true);
    expect(isAllowed([{ Statement: [] }, { Statement: allow('s3:GetObject', OBJECT) }], 's3:GetObject', OBJECT)).toBe(
      true,
    );
  });

  test.each([
    ['another action', allow('s3:PutObject', '*')],
    ['an action that the asked one only begins with', allow('s3:GetObj', '*')],
    ['an action that begins with the asked one', allow('s3:GetObjectAcl', '*')],
    ['another bucket', allow('s3:*', 'arn:aws:s3:::company-backup/*')],
    ['another path', allow('s3:*', 'arn:aws:s3:::company-backups/production/order/*')],
    ['a path in other letters', allow('s3:*', 'arn:aws:s3:::company-backups/Production/*')],
    ['a dot that is no wildcard', allow('s3:*', OBJECT.replace('.json', '?').replace('.a', 'xa'))],
    ['a condition', allow('s3:GetObject', '*', { Condition: { Bool: {} } })],
  ])('does not allow by %s', (_, statement) => {
    expect(decide(statement)).toBe(false);
  });

  test.each([
    ['the action in other letters', allow('S3:getobject', OBJECT)],
    ['a star at the end, over slashes', allow('s3:Get*', 'arn:aws:s3:::company-backups/*')],
    ['a star for nothing', allow('s3:GetObject*', `${OBJECT}*`)],
    ['a star in the middle', allow('s3:*Object', 'arn:aws:s3:::*/orders/*.json')],
    ['question marks', allow('s3:GetObjec?', OBJECT.replace('catalog.a', 'catalog.?'))],
    ['a lone star', allow('*', '*')],
  ])('allows by %s', (_, statement) => {
    expect(decide(statement)).toBe(true);
  });

  test('never allows what a statement denies, with a condition or without, wherever it stands', () => {
    const denials: PolicyStatement[] = [
      { Effect: 'Deny', Action: 's3:*', Resource: '*' },
      { Effect: 'Deny', Action: 's3:GetObject', Resource: OBJECT, Condition: { Bool: {} } },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...denials),
        fc.array(fc.constantFrom(allow('*', '*'), allow('s3:GetObject', OBJECT))),
        fc.array(fc.constantFrom(allow('*', '*'))),
        (denial, before, after) => !decide(...before, denial, ...after),
      ),
    );
  });

  test('a pattern without wildcards speaks of itself alone', () => {
    const text = fc.string({ minLength: 1 }).filter((each) => !/[*?]/.test(each));
    fc.assert(
      fc.property(
        text,
        text,
        (pattern, resource) =>
          isAllowed([{ Statement: allow('a:B', pattern) }], 'a:B', resource) === (pattern === resource),
      ),
    );
  });

  test('fails on what it does not understand, instead of guessing', () => {
    expect(() => decide({ ...allow('*', '*'), NotAction: 's3:GetObject' } as PolicyStatement)).toThrow(
      'does not understand NotAction',
    );
  });
});

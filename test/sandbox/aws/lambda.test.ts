import { parseFunctionReference } from '../../../sandbox/aws/lambda';

const arn = 'arn:aws:lambda:us-east-1:123456789012:function:orders-backup';

describe('parseFunctionReference', () => {
  test.each([
    ['orders-backup', undefined, undefined],
    ['orders-backup:7', undefined, '7'],
    ['orders-backup', '7', '7'],
    [arn, null, undefined],
    [`${arn}:$LATEST`, undefined, '$LATEST'],
    [`${arn}:7`, '8', '7'],
    ['123456789012:function:orders-backup:live', undefined, 'live'],
  ])('%s with qualifier %s', (text, qualifier, expected) => {
    expect(parseFunctionReference(text, qualifier)).toEqual({ name: 'orders-backup', qualifier: expected });
  });

  test.each(['', 'a b', 'arn:aws:sqs:us-east-1:123456789012:queue', `${arn}:1:2`])('fails for %j', (text) => {
    expect(() => parseFunctionReference(text)).toThrow(`got ${JSON.stringify(text)}`);
  });
});

import { describeValue, InvalidInput } from '../../src/private/invalid-input';
import { newStack } from '../support/synth';

describe('InvalidInput', () => {
  test('says the rule, the value, the remedy and the path of the construct', () => {
    expect(InvalidInput.of('A path has no //.', 'a//b', 'Write it as a/b.', newStack()).message).toBe(
      'A path has no //. Got "a//b". Write it as a/b. (at stack)',
    );
  });

  test('throws the first problem, and nothing where there is none', () => {
    const problem = (rule: string) => ({ rule, value: 1, remedy: 'Change it.' });
    expect(() => InvalidInput.check(newStack(), [undefined, problem('One.'), problem('Two.')])).toThrow('One. Got 1.');
    expect(() => InvalidInput.check(newStack(), [undefined])).not.toThrow();
  });

  test.each([
    [undefined, 'nothing'],
    [null, 'nothing'],
    [NaN, 'NaN'],
    [['a', 1], '["a",1]'],
    ['https://user:s3cr3t@host/x', '"https://user:…@host/x"'],
    ['postgres://user:s3/cr@3t@host/x', '"postgres://user:…@host/x"'],
    ['https://host/x?X-Amz-Signature=s3cr3t', '"https://host/x?…"'],
    [{ endpoint: 'https://user:s3cr3t@host' }, '{"endpoint":"https://user:…@host"}'],
    ['x'.repeat(300), `"${'x'.repeat(199)}…`],
  ])('shows %j without a secret', (value, shown) => {
    expect(describeValue(value)).toBe(shown);
  });
});

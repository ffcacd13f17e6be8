import { describeVerdict } from '../../../src/cli/output/verdict';
import { FailedVerdict } from '../../../src/contract/diagnosis/verdict';

const failed: FailedVerdict = {
  state: 'Failed',
  faultClass: 'permission',
  operations: ['GET', 'DELETE'],
  code: 'AccessDenied',
  status: 403,
  endpoint: 'https://storage.example',
  bucket: 'backups',
  path: 'nightly',
  key: 'nightly/orders/.connection-test.3',
  summary: 'The storage answered AccessDenied (HTTP 403) to GET and DELETE.',
  remedy: 'Give the credentials this policy: Allow all on it.',
  left: 'nightly/orders/.connection-test.3',
  durationMs: 12,
};

describe('describeVerdict', () => {
  test('of a missing permission ends with the minimum policy as JSON', () => {
    const lines = describeVerdict(failed);
    const policy = JSON.parse(lines.slice(lines.indexOf('{')).join('\n')) as { Statement: [{ Resource: string }] };
    expect(policy.Statement[0].Resource).toBe('arn:aws:s3:::backups/nightly/*');
    expect(lines[0]).toBe('Connection test failed: missing required permissions.');
    expect(lines).toContain('  operations  GET, DELETE');
  });

  test('of a passed test ends with its warnings', () => {
    const { endpoint, bucket, path, key } = failed;
    const lines = describeVerdict({
      state: 'Passed',
      endpoint,
      bucket,
      path,
      key,
      testedAt: '2026-11-22T03:00:00.000Z',
      durationMs: 7,
      warnings: ['One.', 'Two.'],
    });
    expect(lines[0]).toBe('Connection test passed in 7 ms: PUT, GET, compare and DELETE.');
    expect(lines.slice(-2)).toEqual(['  warning     One.', '  warning     Two.']);
  });

  test('no value controls the terminal', () => {
    expect(describeVerdict({ ...failed, path: 'a\u001b[2J\r' }).join('')).not.toMatch(/[\u001b\r]/);
  });
});

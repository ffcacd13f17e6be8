import { FailedVerdict } from '../../../src/contract/diagnosis/verdict';
import { describeVerdict, failureLine, presentableUrl } from '../../../src/contract/diagnosis/verdict-text';

const failed: FailedVerdict = {
  state: 'Failed',
  faultClass: 'permission',
  operations: ['GET', 'DELETE'],
  code: 'AccessDenied',
  status: 403,
  endpoint: 'https://storage.example',
  bucket: 'backups',
  path: 'nightly',
  key: 'nightly/orders/.connection-test',
  summary: 'The storage answered AccessDenied (HTTP 403) to GET and DELETE.',
  remedy: 'Give the credentials this policy: Allow all on it.',
  left: 'nightly/orders/.connection-test',
  durationMs: 12,
};

describe('the line of a failed test', () => {
  test('says class, what was seen, what to do and where, in this order', () => {
    expect(failureLine(failed)).toBe(
      'Connection test failed (permission): missing required permissions, GET and DELETE. ' +
        'The storage answered AccessDenied (HTTP 403) to GET and DELETE. ' +
        'TO DO: Give the credentials this policy: Allow all on it. ' +
        'WHERE: endpoint https://storage.example, bucket backups, path nightly, object nightly/orders/.connection-test. ' +
        'This object may be left behind; the next test overwrites it.',
    );
  });

  test('needs no escape inside JSON, whatever the settings are', () => {
    const line = failureLine({ ...failed, bucket: 'a"b', path: 'c\n\u001b[31md\u2028', key: '"' });
    expect(JSON.stringify(line)).toBe(`"${line}"`);
    expect(line).not.toContain('\u2028');
  });
});

describe('a verdict laid out', () => {
  test('of a missing permission ends with the minimum policy as JSON', () => {
    const lines = describeVerdict(failed);
    const policy = JSON.parse(lines.slice(lines.indexOf('{')).join('\n')) as { Statement: [{ Resource: string }] };
    expect(policy.Statement[0].Resource).toBe('arn:aws:s3:::backups/nightly/*');
    expect(lines[0]).toBe('Connection test failed: missing required permissions.');
    expect(lines).toContain('  operations  GET, DELETE');
  });

  test('of a passed test tells its warnings', () => {
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

  test('breaks between words at 100 columns', () => {
    const remedy = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
    const lines = describeVerdict({ ...failed, remedy });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join(' ').replace(/ +/g, ' ')).toContain(remedy);
  });

  test('steers no terminal', () => {
    expect(describeVerdict({ ...failed, path: 'a\u001b[2J\r' }).join('')).not.toMatch(/[\u001b\r]/);
  });
});

test.each([
  ['https://user:password@storage.example/s3', 'https://storage.example/s3'],
  ['https://user:pass@word@storage.example:99999', 'https://storage.example:99999'],
  ['https://storage.example/?token=1#x', 'https://storage.example/'],
])('the endpoint %s is shown as %s', (endpoint, shown) => {
  expect(presentableUrl(endpoint)).toBe(shown);
});

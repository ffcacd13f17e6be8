import { failureLine, presentableUrl } from '../../../src/contract/diagnosis/fault-line';
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

describe('the line of a failed test', () => {
  test('says class, what was seen, what to do and where, in this order', () => {
    expect(failureLine(failed)).toBe(
      'Connection test failed (permission): missing required permissions, GET and DELETE. ' +
        'The storage answered AccessDenied (HTTP 403) to GET and DELETE. ' +
        'TO DO: Give the credentials this policy: Allow all on it. ' +
        'WHERE: endpoint https://storage.example, bucket backups, path nightly, object nightly/orders/.connection-test.3. ' +
        'This object may be left in the storage; later tests overwrite it.',
    );
  });

  test('needs no escape inside JSON, whatever the settings are', () => {
    const line = failureLine({ ...failed, bucket: 'a"b', path: 'c\n\u001b[31md\u2028', key: '"' });
    expect(JSON.stringify(line)).toBe(`"${line}"`);
    expect(line).not.toContain('\u2028');
  });
});

test.each([
  ['https://user:password@storage.example/s3', 'https://storage.example/s3'],
  ['https://user:pass@word@storage.example:99999', 'https://storage.example:99999'],
  ['https://storage.example/?token=1#x', 'https://storage.example/'],
])('the endpoint %s is shown as %s', (endpoint, shown) => {
  expect(presentableUrl(endpoint)).toBe(shown);
});

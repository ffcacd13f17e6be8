import { minimumPolicy, minimumPolicySentence } from '../../src/contract/minimum-policy';

describe('minimum policy', () => {
  test('is that of the documentation, for this bucket and path, and not one permission more', () => {
    expect(minimumPolicy({ bucket: 'your-bucket-name', path: '/your-backup-path/' })).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'],
          Resource: 'arn:aws:s3:::your-bucket-name/your-backup-path/*',
        },
      ],
    });
  });

  test('names the partition that it is for', () => {
    expect(minimumPolicy({ bucket: 'b', path: 'p' }, 'aws-cn').Statement[0].Resource).toBe('arn:aws-cn:s3:::b/p/*');
  });

  test('fits into a sentence without quotation marks', () => {
    expect(minimumPolicySentence({ bucket: 'b', path: 'p/q' })).toBe(
      'Allow s3:PutObject, s3:GetObject, s3:DeleteObject on arn:aws:s3:::b/p/q/*.',
    );
  });
});

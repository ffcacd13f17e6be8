import { scheduledTimeOf, withContextAttributes } from '../../../sandbox/aws/scheduler';
import * as fc from '../../support/properties';

test('withContextAttributes replaces every keyword that is known', () => {
  const input = '{"a":"<aws.scheduler.scheduled-time>","b":"<aws.scheduler.scheduled-time> <aws.scheduler.other>"}';
  expect(withContextAttributes(input, { 'scheduled-time': 'T$&' })).toBe('{"a":"T$&","b":"T$& <aws.scheduler.other>"}');
});

test('scheduledTimeOf cuts the fraction off, as Scheduler writes a time', () => {
  const time = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(time, (due) => {
      const text = scheduledTimeOf(due);
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(new Date(text).getTime()).toBe(Math.floor(due.getTime() / 1000) * 1000);
    }),
  );
});

import { backupIdOf, parseBackupId, timeOfBackupId } from '../../src/contract/backup-id';
import * as fc from '../support/properties';

const moments = fc.date({
  min: new Date('1970-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
});

test('names the second of a moment, in the basic form', () => {
  expect(backupIdOf(new Date('2026-11-22T03:00:00.999Z'))).toBe('20261122T030000Z');
});

test('comes back from the basic and from the extended form', () => {
  fc.assert(
    fc.property(moments, (moment) => {
      const id = backupIdOf(moment);
      expect(parseBackupId(id)).toBe(id);
      expect(parseBackupId(moment.toISOString())).toBe(id);
      expect(timeOfBackupId(id).getTime()).toBe(Math.floor(moment.getTime() / 1000) * 1000);
    }),
  );
});

test('has the order of time', () => {
  fc.assert(
    fc.property(moments, moments, (one, other) => {
      fc.pre(one < other);
      expect(backupIdOf(one) <= backupIdOf(other)).toBe(true);
    }),
  );
});

test.each(['', '20261122', '20260230T030000Z', '20261122T250000Z', '20261122T030000', '../x', '2026-11-22 03:00:00Z'])(
  'fails for %p',
  (text) => {
    expect(() => parseBackupId(text)).toThrow(
      `A backup id is a UTC second such as 20261122T030000Z or 2026-11-22T03:00:00Z; got ${JSON.stringify(text)}.`,
    );
  },
);

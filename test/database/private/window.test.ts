import { dailyWindow, overlap, weeklyWindow } from '../../../src/database/private/window';
import * as fc from '../../support/properties';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const two = (number: number) => String(number).padStart(2, '0');
const time = (minute: number) => `${two(Math.floor(minute / 60) % 24)}:${two(minute % 60)}`;
const moment = (minute: number) => `${DAYS[Math.floor(minute / 1440) % 7]}:${time(minute)}`;

describe('Windows of RDS', () => {
  test.each(['02:00', '2:00-03:00', '24:00-24:30', 'sun:02:00-sun:03:00', ''])('%j is no time of day', (text) => {
    expect(dailyWindow(text)).toBeUndefined();
  });

  test.each(['02:00-03:00', 'day:02:00-day:03:00', 'sun:02:00-03:00', ''])('%j is no time of the week', (text) => {
    expect(weeklyWindow(text)).toBeUndefined();
  });

  test('overlap exactly where they have a minute in common', () => {
    const start = fc.integer({ min: 0, max: 10_079 });
    const length = fc.integer({ min: 30, max: 300 });
    fc.assert(
      fc.property(start, length, start, length, (weekly, weeklyLength, daily, dailyLength) => {
        const week = weeklyWindow(`${moment(weekly)}-${moment(weekly + weeklyLength)}`)!;
        const day = dailyWindow(`${time(daily)}-${time(daily + dailyLength)}`)!;
        const dailyMinutes = new Set(Array.from({ length: dailyLength }, (_, index) => (daily + index) % 1440));
        const common = Array.from({ length: weeklyLength }, (_, index) => (weekly + index) % 1440);
        expect(overlap(week, day)).toBe(common.some((minute) => dailyMinutes.has(minute)));
      }),
    );
  });
});

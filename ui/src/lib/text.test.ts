import { expect, test } from 'vitest';
import { toCsv } from './csv';
import { ago, dateOf, endOfDay, monthName, monthsBefore } from './dates';
import { deviceOf } from './device';

test('CSV quotes what must be quoted and defuses formulas', () => {
  expect(toCsv(['a', 'b'], [['x,y', 1.5], ['say "hi"', -2], ['=SUM(A1)', 0]])).toBe('a,b\r\n"x,y",1.5\r\n"say ""hi""",-2\r\n\'=SUM(A1),0\r\n');
});

test('dates are read as PocketBase writes them', () => {
  expect(dateOf('2026-03-01 12:00:00.000Z')?.toISOString()).toBe('2026-03-01T12:00:00.000Z');
  expect(dateOf('')).toBeNull();
  expect(dateOf('soon')).toBeNull();
  expect(endOfDay('2026-03-01')).toBe('2026-03-01 23:59:59.000Z');
  expect(endOfDay('')).toBe('');
});

test('time is told as coarsely as it is far away', () => {
  const now = Date.UTC(2026, 2, 1, 12);
  expect(ago('2026-03-01 11:59:50Z', 'en', now)).toBe('now');
  expect(ago('2026-03-01 10:00:00Z', 'en', now)).toBe('2 hours ago');
  expect(ago('2026-02-28 12:00:00Z', 'en', now)).toBe('yesterday');
  expect(ago('2026-03-15 12:00:00Z', 'en', now)).toBe('in 2 weeks');
});

test('months have names, whatever the time zone', () => {
  expect(monthName('2026-03', 'en', 'long')).toBe('March 2026');
  expect(monthsBefore('2026-02', 3)).toEqual(['2025-11', '2025-12', '2026-01']);
  expect(monthsBefore('2026-02', 0)).toEqual([]);
});

test('a user agent is told as people know it', () => {
  expect(deviceOf('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('Firefox, Linux');
  expect(deviceOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0')).toBe('Edge, Windows');
  expect(deviceOf('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1')).toBe('Safari, iOS');
  expect(deviceOf('curl/8')).toBe('');
});

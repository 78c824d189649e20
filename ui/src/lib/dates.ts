// Dates as PocketBase writes them ("2026-03-01 12:00:00.000Z") and as people read them.
import { dateFormat, relativeFormat } from './intl';

export function dateOf(value: string | number): Date | null {
  if (value === '') return null;
  const date = new Date(typeof value === 'string' ? value.replace(' ', 'T') : value);
  return Number.isNaN(date.getTime()) ? null : date;
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000], ['month', 2_592_000], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60],
];

/** "3 days ago", "in 2 weeks", "now"; as coarse as it is far away. */
export function ago(value: string | number, locale: string, now = Date.now()): string {
  const date = dateOf(value);
  if (!date) return '';
  const seconds = (date.getTime() - now) / 1000;
  const relative = relativeFormat(locale);
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(0, 'second');
}

/** A month "2026-03" as people write it. */
export function monthName(month: string, locale: string, style: 'long' | 'short' = 'short'): string {
  const [year, number] = month.split('-').map(Number);
  if (!year || !number) return month;
  return dateFormat(locale, { month: style, year: style === 'long' ? 'numeric' : '2-digit', timeZone: 'UTC' })
    .format(Date.UTC(year, number - 1, 1));
}

/** The value of <input type="date"> as the end of that day, UTC; "" stays "". */
export function endOfDay(date: string): string {
  return date === '' ? '' : `${date} 23:59:59.000Z`;
}

/** The count months before "2026-03", oldest first. */
export function monthsBefore(month: string, count: number): string[] {
  const [year, number] = month.split('-').map(Number);
  if (!year || !number || count <= 0) return [];
  return Array.from({ length: count }, (_, index) => new Date(Date.UTC(year, number - 1 - count + index, 1)).toISOString().slice(0, 7));
}

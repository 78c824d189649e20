// Time that is left, as it passes: once a minute, once a second in the last hour.
import { useEffect, useState } from 'react';
import { useI18n, type Translate } from '../i18n/i18n';
import { dateOf } from '../lib/dates';

const hourMs = 3_600_000;

/** A length of time in its two largest units; under an hour as 12:05. */
export function lengthOf(ms: number, t: Translate): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor((seconds % 86_400) / 3600), Math.floor((seconds % 3600) / 60)];
  if (days > 0) return hours === 0 ? t('count.days', { count: days }) : `${t('count.days', { count: days })} ${t('count.hours', { count: hours })}`;
  if (hours > 0) return `${t('count.hours', { count: hours })} ${t('count.minutes', { count: minutes })}`;
  return t('count.clock', { minutes: String(minutes), seconds: String(seconds % 60).padStart(2, '0') });
}

/** How long until a moment, in words, and whether it has passed. */
export function useTimeLeft(at: string): { text: string; over: boolean } {
  const { t } = useI18n();
  const [now, setNow] = useState(Date.now);
  const left = (dateOf(at)?.getTime() ?? 0) - now;
  const near = Math.abs(left) < hourMs;
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), near ? 1000 : 30_000);
    return () => clearInterval(timer);
  }, [near]);
  return { text: lengthOf(left, t), over: left < 0 };
}

// How values are shown: money, times, people, states.
import { Link } from 'react-router';
import { avatarUrl } from '../api';
import { useI18n } from '../i18n/i18n';
import type { Key } from '../i18n/catalogue';
import { en } from '../i18n/en';
import { formatMoney, type MoneyStyle } from '../lib/money';
import { ago, dateOf } from '../lib/dates';
import { dateFormat } from '../lib/intl';
import { tones, type Tone } from './feedback';
import { useMe } from '../data/me';

interface MoneyProps extends MoneyStyle {
  amount: number;
  currency: string;
  className?: string;
}

export function Money({ amount, currency, className = '', ...style }: MoneyProps) {
  const { locale } = useI18n();
  return <bdi className={`figures whitespace-nowrap ${className}`}>{formatMoney(amount, currency, locale, style)}</bdi>;
}

/** A date in the person's own time zone. */
export function useDates() {
  const { locale } = useI18n();
  const zone = useMe()?.timezone || undefined;
  // With the month in words: Arabic's medium style has only digits, and 01/12 is another day elsewhere.
  const dateStyle = locale.startsWith('ar') ? 'long' : 'medium';
  const write = (value: string | number, options: Intl.DateTimeFormatOptions) => {
    const date = dateOf(value);
    if (!date) return '';
    try {
      return dateFormat(locale, { ...options, timeZone: zone }).format(date);
    } catch {
      return dateFormat(locale, options).format(date); // a zone this browser does not know
    }
  };
  return {
    day: (value: string | number) => write(value, { dateStyle }),
    moment: (value: string | number) => write(value, { dateStyle, timeStyle: 'short' }),
    time: (value: string | number) => write(value, { timeStyle: 'short' }),
    /** The day of a message; the year too, unless it is this one. */
    weekday: (value: string | number) => write(value, { weekday: 'long', day: 'numeric', month: 'long', ...(dateOf(value)?.getFullYear() === new Date().getFullYear() ? {} : { year: 'numeric' }) }),
    ago: (value: string | number) => ago(value, locale),
  };
}

/** How long ago, with the exact moment on hover. */
export function Ago({ at, className }: { at: string; className?: string }) {
  const dates = useDates();
  return <time dateTime={at.replace(' ', 'T')} title={dates.moment(at)} className={className}>{dates.ago(at)}</time>;
}

interface AvatarProps {
  person: { id: string; name: string; avatar: string; collectionId?: string } | undefined;
  className?: string;
}

const hues = ['bg-soft text-strong', 'bg-warn-soft text-warn', 'bg-info-soft text-info', 'bg-sunken text-ink'];

export function Avatar({ person, className = 'size-10' }: AvatarProps) {
  const url = avatarUrl(person);
  const name = person?.name.trim() ?? '';
  const initials = name.split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? '').join('').toUpperCase();
  const hue = hues[[...(person?.id ?? '')].reduce((sum, char) => sum + char.charCodeAt(0), 0) % hues.length];
  if (url) return <img src={url} alt="" width={64} height={64} loading="lazy" className={`shrink-0 rounded-full bg-sunken object-cover ${className}`} />;
  return <span aria-hidden="true" className={`inline-flex shrink-0 items-center justify-center rounded-full text-sm font-semibold ${hue} ${className}`}>{initials || '?'}</span>;
}

/** A person's name, or a stand-in while it is unknown. */
export function useName(): (person: { name: string } | undefined) => string {
  const { t } = useI18n();
  return (person) => person?.name || t('person.unnamed');
}

interface PersonLineProps {
  person: { id: string; name: string; avatar: string } | undefined;
  detail?: React.ReactNode;
  to?: string;
}

export function PersonLine({ person, detail, to }: PersonLineProps) {
  const name = useName();
  return (
    <div className="flex min-w-0 items-center gap-3">
      <Avatar person={person} />
      <div className="min-w-0">
        <p className="truncate font-medium" dir="auto">{to ? <Link to={to} className="hover:underline">{name(person)}</Link> : name(person)}</p>
        {detail && <div className="truncate text-sm text-muted">{detail}</div>}
      </div>
    </div>
  );
}

const statusTones: Record<string, Tone> = {
  draft: 'plain', open: 'good', in_progress: 'info', completed: 'good', cancelled: 'plain', expired: 'warn',
  submitted: 'info', accepted: 'good', rejected: 'plain', withdrawn: 'plain', archived: 'plain',
  active: 'info', paused: 'warn', ended: 'plain',
  planned: 'plain', funded: 'info', changes_requested: 'warn', approved: 'good', released: 'good',
  pending: 'warn', held: 'info', refunded: 'plain', split: 'plain', disputed: 'danger', failed: 'danger',
  answered: 'warn', negotiating: 'warn', in_review: 'info', closed: 'plain',
  requested: 'warn', sent: 'info', settled: 'good', returned: 'danger', cooling: 'warn', replaced: 'plain', removed: 'plain',
};

interface StatusProps {
  of: 'project' | 'proposal' | 'contract' | 'milestone' | 'payment' | 'dispute' | 'payout' | 'destination';
  status: string;
}

export function Status({ of, status }: StatusProps) {
  const { t } = useI18n();
  const key = `status.${of}.${status}`;
  return (
    <span className={`inline-flex items-center rounded-full px-2.5 py-0.5 text-xs font-semibold whitespace-nowrap ${tones[of === 'dispute' && status === 'open' ? 'danger' : statusTones[status] ?? 'plain']}`}>
      {key in en ? t(key as Key) : status}
    </span>
  );
}

/** A count on a coloured dot; hidden when zero. */
export function Count({ of, label }: { of: number; label: string }) {
  if (of <= 0) return null;
  return (
    <span className="inline-flex min-w-5 items-center justify-center rounded-full bg-danger px-1.5 text-xs font-bold text-surface figures">
      <span aria-hidden="true">{of > 99 ? '99+' : of}</span>
      <span className="sr-only">{label}</span>
    </span>
  );
}

/** How tags look; the first pages are written with them, too. */
export const tagList = 'flex flex-wrap gap-1.5';
export const tag = 'rounded-md bg-sunken px-2 py-0.5 text-sm text-muted';

export function Tags({ tags }: { tags: readonly string[] | null | undefined }) {
  if (!Array.isArray(tags) || tags.length === 0) return null;
  return (
    <ul className={tagList}>
      {tags.slice(0, 12).map((one) => <li key={one} dir="auto" className={tag}>{one}</li>)}
    </ul>
  );
}

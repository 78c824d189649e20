// The forecast in one sentence, what it is made of, and how well it did before.
import { useI18n } from '../../i18n/i18n';
import type { Key } from '../../i18n/catalogue';
import { en } from '../../i18n/en';
import { percent } from '../../lib/intl';
import { decimalsOf, formatMoney } from '../../lib/money';
import type { EarningsForecast, Perspective, Reason } from '../../types';
import { ErrorNotice, Notice, Skeleton } from '../../ui/feedback';

/** Rounds to two significant digits, as honest as a forecast is. */
export function roundForPeople(amount: number, decimals: number): number {
  const unit = 10 ** decimals;
  if (amount < 0) return -roundForPeople(-amount, decimals);
  if (amount < unit) return Math.round(amount / unit) * unit;
  const size = 10 ** Math.max(Math.floor(Math.log10(amount)) - 1, decimals);
  return Math.round(amount / size) * size;
}

/** The text for a reason, or undefined for a kind this app does not know. */
export function whyKey(reason: Reason, view: Perspective): Key | undefined {
  const tail = (reason.amount ?? 0) < 0 ? 'less' : 'more';
  const known: Partial<Record<string, Key>> = {
    earned: `why.earned.${view}`, downside: `why.downside.${view}`, trend: `why.trend.${tail}`, season: `why.season.${tail}`,
  };
  const key = known[reason.kind] ?? (`why.${reason.kind}` as Key);
  return key in en ? key : undefined;
}

const groups: [Key, readonly string[]][] = [
  ['outlook.whatMakes', ['earned', 'committed', 'probable', 'speculative', 'history', 'trend', 'season', 'peers']],
  ['outlook.howWrong', ['backtest', 'record', 'no_record']],
  ['outlook.whatChanges', ['overdue', 'client', 'item', 'downside']],
];

interface Props {
  forecast: EarningsForecast | undefined;
  view: Perspective;
  error: unknown;
  pending: boolean;
}

export function Outlook({ forecast, view, error, pending }: Props) {
  const { t, locale } = useI18n();
  if (error) return <ErrorNotice error={error} />;
  if (pending) return <Skeleton className="h-56 rounded-2xl" />;
  if (!forecast || forecast.confidence.level === 'none') return <Notice tone="plain" icon="chart" title={t('outlook.early')}>{t('outlook.earlyText')}</Notice>;
  const money = (amount: number) => formatMoney(roundForPeople(amount, decimalsOf(forecast.currency)), forecast.currency, locale, { trim: true });
  const { level, months } = forecast.confidence;
  const ahead = forecast.months.length - 1;
  const values = { mean: money(forecast.total), low: money(forecast.total80[0]), high: money(forecast.total80[1]), months: ahead };
  const say = (reason: Reason) => {
    const key = whyKey(reason, view);
    return key && t(key, { amount: money(Math.abs(reason.amount ?? 0)), share: percent(locale, reason.share ?? 0), count: reason.count ?? 0, title: reason.title || t('person.unnamed') });
  };
  return (
    <section aria-labelledby="outlook" className="overflow-hidden rounded-2xl bg-primary text-on-primary">
      <div className="p-5 sm:p-6">
        <h2 id="outlook" className="text-sm font-semibold">{t('outlook.title')}</h2>
        <p className="mt-1 text-xl font-bold sm:text-2xl">{t(ahead === 0 ? `outlook.one.${view}` : `outlook.many.${view}`, values)}</p>
        <p className="mt-2 text-sm">{t(`confidence.${level}`, { months })} {t('outlook.range')}</p>
      </div>
      <div className="grid gap-x-8 gap-y-4 border-t border-on-primary/25 p-5 text-sm sm:grid-cols-3 sm:p-6">
        {groups.map(([title, kinds]) => {
          const reasons = forecast.why.filter((reason) => kinds.includes(reason.kind));
          if (reasons.length === 0) return null;
          return (
            <div key={title}>
              <h3 className="font-semibold">{t(title)}</h3>
              <ul className="mt-1.5 space-y-1.5">{reasons.map((reason) => <li key={reason.kind}>{say(reason)}</li>)}</ul>
            </div>
          );
        })}
      </div>
    </section>
  );
}

// What was predicted at the beginning of each month, beside what came.
import { useI18n } from '../../i18n/i18n';
import { monthName } from '../../lib/dates';
import { decimalsOf } from '../../lib/money';
import type { ForecastHistory } from '../../types';
import { Money } from '../../ui/show';
import { ChartCard } from './chart-card';

interface Past {
  month: string;
  mean: number;
  lower80: number;
  upper80: number;
  actual: number;
}

/** Of each month that is over, the first forecast made in it; newest first. */
export function pastMonths(history: ForecastHistory): Past[] {
  const first = new Map<string, Past>();
  for (const forecast of history.forecasts) { // newest first, so the earliest of a month stays
    const month = forecast.months[0];
    if (month?.actual === undefined) continue;
    first.set(month.month, { month: month.month, mean: month.mean, lower80: month.lower80, upper80: month.upper80, actual: month.actual });
  }
  return [...first.values()].filter((one) => one.mean !== 0 || one.actual !== 0).sort((a, b) => b.month.localeCompare(a.month));
}

export function Record({ history, view }: { history: ForecastHistory; view: string }) {
  const { t, locale } = useI18n();
  const past = pastMonths(history);
  if (past.length === 0) return null;
  const { currency } = history;
  const most = Math.max(1, ...past.map((one) => Math.max(one.upper80, one.actual)));
  const at = (amount: number) => `${(Math.max(0, amount) / most) * 100}%`;
  const plain = (amount: number) => (amount / 10 ** decimalsOf(currency)).toFixed(decimalsOf(currency));
  return (
    <ChartCard title={t('record.title')} explain={t('record.explain')} name={`${view}-record-${currency}`}
      header={[t('months.month'), t('record.predicted'), t('record.actual'), t('record.error')]}
      rows={past.map((one) => [monthName(one.month, locale, 'long'), <Money key="p" amount={one.mean} currency={currency} />, <Money key="a" amount={one.actual} currency={currency} />, <Money key="e" amount={one.mean - one.actual} currency={currency} />])}
      figures={past.map((one) => [one.month, plain(one.mean), plain(one.actual), plain(one.mean - one.actual)])}>
      <ul className="space-y-3">
        {past.slice(0, 8).map((one) => {
          const inside = one.lower80 <= one.actual && one.actual <= one.upper80;
          return (
            <li key={one.month}>
              <p className="flex justify-between gap-4 text-sm"><span>{monthName(one.month, locale, 'long')}</span><span className="text-muted"><Money amount={one.actual} currency={currency} className="font-semibold text-ink" /> · {inside ? t('record.inside') : t('record.outside')}</span></p>
              <div aria-hidden="true" className="relative mt-1 h-3 rounded-full bg-sunken">
                <div className="absolute inset-y-0 rounded-full bg-[var(--chart-2)] opacity-45" style={{ insetInlineStart: at(one.lower80), width: at(one.upper80 - one.lower80) }} />
                <div className={`absolute -inset-y-0.5 w-1 rounded-full ${inside ? 'bg-[var(--chart-1)]' : 'bg-danger'}`} style={{ insetInlineStart: `calc(${at(one.actual)} - 2px)` }} />
              </div>
            </li>
          );
        })}
      </ul>
    </ChartCard>
  );
}

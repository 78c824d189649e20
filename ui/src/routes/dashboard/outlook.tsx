// The forecast in one sentence, and how well it did on one's own past.
import { useI18n } from '../../i18n/i18n';
import { monthName } from '../../lib/dates';
import { formatMoney } from '../../lib/money';
import type { EarningsForecast, Perspective } from '../../types';
import { ErrorNotice, Notice, Skeleton } from '../../ui/feedback';
import { percent } from '../../lib/intl';

/** Fewer complete months than this say nothing about the next. */
export const fewMonths = 3;

/** Rounds to two significant digits, as honest as a forecast is. */
export function roundForPeople(amount: number, decimals: number): number {
  const unit = 10 ** decimals;
  if (amount < unit) return Math.round(amount / unit) * unit;
  const size = 10 ** Math.max(Math.floor(Math.log10(amount)) - 1, decimals);
  return Math.round(amount / size) * size;
}

interface Props {
  forecast: EarningsForecast | undefined;
  view: Perspective;
  error: unknown;
  pending: boolean;
}

export function Outlook({ forecast, view, error, pending }: Props) {
  const { t, locale } = useI18n();
  if (error) return <ErrorNotice error={error} />;
  if (pending) return <Skeleton className="h-32 rounded-2xl" />;
  const first = forecast?.months[0];
  if (!forecast || !first || forecast.history.length < fewMonths) return <Notice tone="plain" icon="chart" title={t('outlook.early')}>{t('outlook.earlyText', { count: fewMonths })}</Notice>;
  const money = (amount: number) => formatMoney(roundForPeople(amount, 2), forecast.currency, locale, { trim: true });
  const quarter = forecast.months.slice(0, 3);
  const { backtest } = forecast;
  const better = backtest.naive.mase > 0 ? 1 - backtest.own.mase / backtest.naive.mase : 0;
  return (
    <section aria-labelledby="outlook" className="rounded-2xl bg-primary p-5 text-on-primary sm:p-6">
      <h2 id="outlook" className="text-sm font-semibold opacity-90">{t('outlook.title')}</h2>
      <p className="mt-1 text-xl font-bold sm:text-2xl">
        {t(`outlook.sentence.${view}`, { month: monthName(first.month, locale, 'long'), mean: money(first.mean), low: money(first.lower80), high: money(first.upper80) })}
      </p>
      <p className="mt-2">{t('outlook.quarter', { mean: money(quarter.reduce((sum, month) => sum + month.mean, 0)), count: quarter.length })}</p>
      <p className="mt-2 text-sm opacity-90">
        {t('outlook.range')} {backtest.months > 0 && t('outlook.backtest', { count: backtest.months, share: percent(locale, backtest.coverage80) })}{' '}
        {backtest.months > 0 && (better > 0.02 ? t('outlook.better', { share: percent(locale, better) }) : t('outlook.notBetter'))}
      </p>
    </section>
  );
}

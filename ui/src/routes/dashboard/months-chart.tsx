// Past months as bars, coming ones as bars of what contracts promise and of new
// work, within a fan: the likely range (80 %) and the wide one (95 %).
import { Area, Bar, CartesianGrid, ComposedChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { useI18n } from '../../i18n/i18n';
import { monthName, monthsBefore } from '../../lib/dates';
import { decimalsOf, formatMoney } from '../../lib/money';
import type { EarningsForecast, ForecastMonth, MonthlySeries, Perspective } from '../../types';
import { Money } from '../../ui/show';
import { ChartCard } from './chart-card';

interface Props {
  /** Past months; none for somebody who has a pipeline only. */
  series: MonthlySeries;
  forecast: EarningsForecast | undefined;
  view: Perspective;
  horizon: number;
  horizons: readonly number[];
  onHorizon: (months: number) => void;
}

interface Point {
  month: string;
  amount?: number;
  mean?: number;
  promised?: number;
  expected?: number;
  range80?: [number, number];
  range95?: [number, number];
}

/** What contracts and proposals bring of a predicted month, and what new work does; the rest is earned already. */
export function split(month: ForecastMonth): { promised: number; expected: number } {
  const { committed, probable, late, overdue, speculative, level, trend, season, pooled } = month.parts;
  return { promised: committed + probable + late + overdue + speculative, expected: Math.max(0, level + trend + season + pooled) };
}

/** Past months shown; the table has them all. */
const shown = 18;
/** Months shown at least, so that one bar does not fill the chart. */
const fewShown = 9;

export default function MonthsChart({ series, forecast, view, horizon, horizons, onHorizon }: Props) {
  const { t, locale, language } = useI18n();
  const rtl = language === 'ar';
  const { currency } = series;
  const fan = forecast && forecast.currency === currency && forecast.confidence.level !== 'none' ? forecast.months : [];
  const past = series.months.slice(-shown);
  const before = monthsBefore(past[0]?.month ?? fan[0]?.month ?? '', fewShown - past.length).map((month): [string, Point] => [month, { month }]);
  const points = new Map<string, Point>([...before, ...past.map(({ month, amount }): [string, Point] => [month, { month, amount }])]);
  for (const one of fan) points.set(one.month, { ...points.get(one.month), month: one.month, mean: one.mean, ...split(one), range80: [one.lower80, one.upper80], range95: [one.lower95, one.upper95] });
  const data = [...points.values()];
  const factor = 10 ** decimalsOf(currency);
  const money = (amount: number) => formatMoney(amount, currency, locale);
  const known = series.months.map((one) => one.month);
  const months = [...new Set([...known, ...fan.map((one) => one.month)])].reverse();
  const find = (month: string) => ({ past: series.months.find((one) => one.month === month), next: fan.find((one) => one.month === month) });
  const pill = 'min-h-9 min-w-9 rounded-lg px-2.5 text-sm font-medium text-muted aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-card figures';
  return (
    <ChartCard title={t(`months.title.${view}`)} explain={t(`months.explain.${view}`)} name={`${view}-${currency}-months`}
      header={[t('months.month'), t('months.amount'), t('months.forecast'), t('months.promised'), t('months.expected'), t('months.range80'), t('months.range95')]}
      rows={months.map((month) => {
        const { past: was, next } = find(month);
        return [
          monthName(month, locale, 'long'), was ? <Money amount={was.amount} currency={currency} /> : '–', next ? <Money amount={next.mean} currency={currency} /> : '–',
          next ? <Money amount={split(next).promised} currency={currency} /> : '–', next ? <Money amount={split(next).expected} currency={currency} /> : '–',
          next ? <bdi className="whitespace-nowrap">{money(next.lower80)} – {money(next.upper80)}</bdi> : '–', next ? <bdi className="whitespace-nowrap">{money(next.lower95)} – {money(next.upper95)}</bdi> : '–',
        ];
      })}
      figures={months.map((month) => {
        const { past: was, next } = find(month);
        const plain = (amount: number | undefined) => (amount === undefined ? '' : (amount / factor).toFixed(decimalsOf(currency)));
        return [month, plain(was?.amount), plain(next?.mean), plain(next && split(next).promised), plain(next && split(next).expected), next ? `${plain(next.lower80)}..${plain(next.upper80)}` : '', next ? `${plain(next.lower95)}..${plain(next.upper95)}` : ''];
      })}
      actions={fan.length > 0 && (
        <div role="group" aria-label={t('months.horizon')} className="flex items-center gap-1 rounded-xl bg-sunken p-1">
          {horizons.map((one) => <button key={one} type="button" className={pill} aria-pressed={one === horizon} aria-label={t('months.ahead', { count: one })} onClick={() => onHorizon(one)}>{one}</button>)}
        </div>
      )}>
      <div className="h-72 w-full" dir="ltr" aria-hidden="true">
        <ResponsiveContainer>
          <ComposedChart data={data} margin={{ top: 8, right: 4, bottom: 0, left: 4 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis dataKey="month" reversed={rtl} tickFormatter={(month: string) => monthName(month, locale)} tick={{ fill: 'var(--muted)', fontSize: 12 }} tickLine={false} axisLine={{ stroke: 'var(--line)' }} minTickGap={16} />
            <YAxis orientation={rtl ? 'right' : 'left'} width={64} tickFormatter={(amount: number) => formatMoney(amount, currency, locale, { compact: true })} tick={{ fill: 'var(--muted)', fontSize: 12 }} tickLine={false} axisLine={false} />
            <Tooltip cursor={{ fill: 'var(--sunken)' }} content={({ active, payload }) => {
              const point = payload?.[0]?.payload as Point | undefined;
              if (!active || !point) return null;
              return (
                <div className="card px-3 py-2 text-sm" dir={rtl ? 'rtl' : 'ltr'}>
                  <p className="font-semibold">{monthName(point.month, locale, 'long')}</p>
                  {point.amount !== undefined && <p>{t('months.amount')}: {money(point.amount)}</p>}
                  {point.mean !== undefined && <p>{t('months.forecast')}: {money(point.mean)}</p>}
                  {point.promised !== undefined && <p>{t('months.promised')}: {money(point.promised)}</p>}
                  {point.expected !== undefined && <p>{t('months.expected')}: {money(point.expected)}</p>}
                  {point.range80 && <p className="text-muted">{t('months.range80')}: {money(point.range80[0])} – {money(point.range80[1])}</p>}
                  {point.range95 && <p className="text-muted">{t('months.range95')}: {money(point.range95[0])} – {money(point.range95[1])}</p>}
                </div>
              );
            }} />
            <Bar dataKey="amount" stackId="month" fill="var(--chart-1)" maxBarSize={36} isAnimationActive={false} />
            <Bar dataKey="promised" stackId="month" fill="var(--chart-3)" maxBarSize={36} isAnimationActive={false} />
            <Bar dataKey="expected" stackId="month" fill="var(--chart-2)" fillOpacity={0.55} radius={[4, 4, 0, 0]} maxBarSize={36} isAnimationActive={false} />
            {/* Over the bars, which would hide the lower half of the fan. */}
            <Area dataKey="range95" stroke="var(--chart-2)" strokeOpacity={0.5} fill="var(--chart-2)" fillOpacity={0.12} isAnimationActive={false} connectNulls />
            <Area dataKey="range80" stroke="var(--chart-2)" strokeDasharray="4 3" fill="var(--chart-2)" fillOpacity={0.28} isAnimationActive={false} connectNulls />
          </ComposedChart>
        </ResponsiveContainer>
      </div>
      <ul className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-sm text-muted" aria-hidden="true">
        <li className="flex items-center gap-2"><span className="size-3 rounded-sm bg-[var(--chart-1)]" />{t('months.amount')}</li>
        {fan.length > 0 && <li className="flex items-center gap-2"><span className="size-3 rounded-sm bg-[var(--chart-3)]" />{t('months.promised')}</li>}
        {fan.length > 0 && <li className="flex items-center gap-2"><span className="size-3 rounded-sm bg-[var(--chart-2)] opacity-55" />{t('months.expected')}</li>}
        {fan.length > 0 && <li className="flex items-center gap-2"><span className="size-3 rounded-sm border border-dashed border-[var(--chart-2)] bg-[var(--chart-2)]/30" />{t('months.range80')}</li>}
        {fan.length > 0 && <li className="flex items-center gap-2"><span className="size-3 rounded-sm border border-[var(--chart-2)]/50 bg-[var(--chart-2)]/10" />{t('months.range95')}</li>}
      </ul>
    </ChartCard>
  );
}

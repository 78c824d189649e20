// Money over time, for both roles: what came or went, what is held, what to expect.
import { lazy, Suspense, type ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { hasRole, useMe } from '../../data/me';
import { useEarnings, useForecast, useForecastHistory, useMonthly, useMyPayments } from '../../data/payments';
import { useAllProposals } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { monthName } from '../../lib/dates';
import { part } from '../../lib/part';
import type { CurrencySummary, EarningsForecast, Perspective } from '../../types';
import { LinkButton } from '../../ui/button';
import { Empty, ErrorNotice, Skeleton, SkeletonRows } from '../../ui/feedback';
import { Page } from '../../ui/page';
import { Money } from '../../ui/show';
import { Funnel } from './funnel';
import { Outlook } from './outlook';
import { Pipeline } from './pipeline';
import { Record } from './record';
import { Shares } from './shares';
import { StatusDonut } from './status-donut';
import { WhatIf } from './what-if';

const MonthsChart = lazy(part(() => import('./months-chart')));
const horizons = [3, 6, 12];

export default function Dashboard() {
  const { t } = useI18n();
  const me = useMe();
  const [params, setParams] = useSearchParams();
  const both = hasRole(me, 'client') && hasRole(me, 'freelancer');
  const asked = params.get('view');
  const view: Perspective = asked === 'income' || asked === 'spend' ? asked : hasRole(me, 'freelancer') ? 'income' : 'spend';
  const horizon = horizons.find((one) => String(one) === params.get('months')) ?? 6;
  const set = (name: string, value: string) => setParams((before) => { before.set(name, value); return before; }, { replace: true });

  const summary = useEarnings(view);
  const monthly = useMonthly(view);
  const currencies = summary.data?.currencies ?? [];
  const byTotal = [...currencies].sort((a, b) => b.total + b.held - a.total - a.held);
  const current = currencies.find((one) => one.currency === params.get('currency')) ?? byTotal[0];
  const currency = current?.currency ?? '';
  const series = monthly.data?.find((one) => one.currency === currency);
  const forecast = useForecast(view, currency, horizon, summary.isSuccess);
  const history = useForecastHistory(view, currency);
  // Without any money so far, the pipeline's own currency is the one to show.
  const shown = currency || (forecast.data?.currency ?? '');
  const ahead = forecast.data?.perspective === view && forecast.data.currency === shown ? forecast.data : undefined;
  const payments = useMyPayments(me?.id ?? '', view);
  const proposals = useAllProposals();
  const loading = summary.isPending || monthly.isPending;
  const pill = 'min-h-9 rounded-lg px-3 text-sm font-medium text-muted aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-card';

  return (
    <Page title={t('nav.dashboard')} width="wide" intro={summary.data && <>{t('dashboard.zone', { zone: summary.data.timezone.replaceAll('_', ' ') })}</>}
      actions={
        <>
          {both && (
            <div role="group" aria-label={t('dashboard.view')} className="flex gap-1 rounded-xl bg-sunken p-1">
              {(['income', 'spend'] as const).map((one) => <button key={one} type="button" className={pill} aria-pressed={view === one} onClick={() => set('view', one)}>{t(`dashboard.${one}`)}</button>)}
            </div>
          )}
          {currencies.length > 1 && (
            <div role="group" aria-label={t('browse.currency')} className="flex gap-1 rounded-xl bg-sunken p-1">
              {byTotal.map((one) => <button key={one.currency} type="button" className={pill} aria-pressed={one.currency === currency} onClick={() => set('currency', one.currency)}>{one.currency}</button>)}
            </div>
          )}
        </>
      }>
      <ErrorNotice error={summary.error ?? monthly.error} onRetry={() => { void summary.refetch(); void monthly.refetch(); }} />
      {loading && <SkeletonRows count={3} className="h-44" />}
      {!loading && !current && !summary.error && (
        <div className="mb-5">
          <Empty icon="chart" title={t('dashboard.none')} text={t(`dashboard.none.${view}`)}>
            {view === 'income' ? <LinkButton to="/projects">{t('nav.find')}</LinkButton> : <LinkButton to="/projects/new">{t('action.postProject')}</LinkButton>}
          </Empty>
        </div>
      )}
      {!loading && shown !== '' && (
        <div className="space-y-5">
          <Outlook forecast={ahead} view={view} error={forecast.error} pending={!ahead && !forecast.error} />
          {current && <Tiles current={current} view={view} ahead={ahead} />}
          {(series || ahead) && (
            <Suspense fallback={<Skeleton className="h-[27rem] rounded-2xl" />}>
              <MonthsChart series={series ?? { currency: shown, months: [] }} forecast={ahead} view={view} horizon={horizon} horizons={horizons} onHorizon={(months) => set('months', String(months))} />
            </Suspense>
          )}
        </div>
      )}
      <div className="mt-5 gap-5 space-y-5 lg:columns-2 *:break-inside-avoid">
        {current && <StatusDonut payments={(payments.data ?? []).filter((one) => one.currency === currency)} currency={currency} pending={payments.isPending} />}
        {shown !== '' && !forecast.error && <Pipeline view={view} currency={shown} pipeline={ahead?.pipeline} />}
        {ahead && <WhatIf key={`${view} ${shown}`} view={view} currency={shown} horizon={horizon} people={(current?.byCounterpart ?? []).slice(0, 20)} items={ahead.pipeline.items.filter((one) => one.bucket !== 'speculative')} />}
        {history.data && <Record history={history.data} view={view} />}
        {current && current.byCounterpart.length > 0 && <Shares title={view === 'income' ? t('dashboard.topClients') : t('dashboard.topFreelancers')} shares={current.byCounterpart} currency={currency} people name={`${view}-people`} />}
        {current && current.byProject.length > 0 && <Shares title={t('dashboard.topProjects')} shares={current.byProject} currency={currency} name={`${view}-projects`} />}
        <Funnel me={me?.id ?? ''} view={view} proposals={proposals.data ?? []} />
      </div>
    </Page>
  );
}

interface TilesProps {
  current: CurrencySummary;
  view: Perspective;
  ahead: EarningsForecast | undefined;
}

interface Tile {
  label: string;
  amount: number;
  text: string;
  more?: ReactNode;
}

function Tiles({ current, view, ahead }: TilesProps) {
  const { t, locale } = useI18n();
  const due = ahead?.pipeline.items.find((one) => one.bucket === 'committed');
  const moving = current.clearing + current.inTransit;
  const tiles: Tile[] = [
    { label: t('tile.held'), amount: current.held, text: t(`tile.heldText.${view}`), more: due && <>{t('tile.next', { month: monthName(due.month, locale, 'long') })}</> },
    ...(moving > 0 ? [{ label: t('tile.clearing'), amount: moving, text: t('tile.clearingText') }] : []),
    { label: t('tile.thisMonth'), amount: current.thisMonth, text: t('tile.lastMonth'), more: <Money amount={current.lastMonth} currency={current.currency} /> },
    { label: t('tile.thisYear'), amount: current.thisYear, text: t(`tile.yearText.${view}`) },
    ...(view === 'spend' ? [{ label: t('tile.total'), amount: current.total, text: t('tile.totalText') }] : []),
  ];
  if (view === 'income') tiles.unshift({ label: t('tile.available'), amount: current.available, text: t('tile.availableText') });
  return (
    <dl className={`grid grid-cols-2 gap-3 ${tiles.length > 4 ? 'lg:grid-cols-5' : 'lg:grid-cols-4'}`}>
      {tiles.map(({ label, amount, text, more }, index) => (
        <div key={label} className={`card flex flex-col p-4 sm:p-5 ${index === 0 ? 'border-primary bg-soft' : ''}`}>
          <dt className={`text-sm font-medium ${index === 0 ? 'text-strong' : 'text-muted'}`}>{label}</dt>
          <dd className="mt-1 text-xl font-bold sm:text-2xl"><Money amount={amount} currency={current.currency} /></dd>
          <dd className={`mt-1 text-sm ${index === 0 ? 'text-strong' : 'text-muted'}`}>{text} {more}</dd>
        </div>
      ))}
    </dl>
  );
}

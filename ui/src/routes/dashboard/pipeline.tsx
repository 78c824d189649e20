// What may still come, in three buckets that are never added up: committed
// (money is held or approved), probable (planned in a contract), speculative (proposed).
import { Link } from 'react-router';
import { useI18n } from '../../i18n/i18n';
import { monthName } from '../../lib/dates';
import { numberFormat, percent } from '../../lib/intl';
import { decimalsOf } from '../../lib/money';
import type { PipelineItem, PipelineSummary, Perspective } from '../../types';
import { Skeleton } from '../../ui/feedback';
import { Icon } from '../../ui/icon';
import { Money } from '../../ui/show';
import { ChartCard } from './chart-card';

export const buckets = ['committed', 'probable', 'speculative'] as const;

const looks = { committed: 'bg-[var(--chart-1)]', probable: 'bg-[var(--chart-3)]', speculative: 'bg-[var(--chart-5)]' };

interface Props {
  view: Perspective;
  currency: string;
  pipeline: PipelineSummary | undefined;
}

export function Pipeline({ view, currency, pipeline }: Props) {
  const { t, locale } = useI18n();
  if (!pipeline) return <Skeleton className="h-72 rounded-2xl" />;
  const most = Math.max(1, ...buckets.map((bucket) => pipeline[bucket].amount));
  const plain = (amount: number) => (amount / 10 ** decimalsOf(currency)).toFixed(decimalsOf(currency));
  const when = (item: PipelineItem) => (item.overdue ? t('pipeline.overdue') : monthName(item.month, locale));
  return (
    <ChartCard title={t('pipeline.title')} explain={t(`pipeline.explain.${view}`)} name={`${view}-pipeline-${currency}`}
      header={[t('project.title'), t('pipeline.bucket'), t('pipeline.due'), t('months.amount'), t('pipeline.expected')]}
      rows={pipeline.items.map((item) => [item.title || t('person.unnamed'), t(`pipeline.${item.bucket}`), when(item), <Money key="a" amount={item.amount} currency={currency} />, <Money key="e" amount={item.expected} currency={currency} />])}
      figures={pipeline.items.map((item) => [item.title, item.bucket, item.overdue ? 'overdue' : item.month, plain(item.amount), plain(item.expected)])}>
      <ul className="space-y-4">
        {buckets.map((bucket) => {
          const items = pipeline.items.filter((item) => item.bucket === bucket).slice(0, 5);
          return (
            <li key={bucket}>
              <p className="flex justify-between gap-4">
                <span className="font-medium">{t(`pipeline.${bucket}`)} <span className="figures text-sm font-normal text-muted">×{numberFormat(locale).format(pipeline[bucket].count)}</span></span>
                <Money amount={pipeline[bucket].amount} currency={currency} className="font-semibold" />
              </p>
              <div aria-hidden="true" className="my-1.5 h-2.5 overflow-hidden rounded-full bg-sunken"><div className={`h-full rounded-full ${looks[bucket]}`} style={{ width: `${(pipeline[bucket].amount / most) * 100}%` }} /></div>
              <p className="text-sm text-muted">
                {t(`pipeline.${bucket}Text`)}{' '}
                {bucket === 'speculative' && pipeline.speculative.count > 0 && <Reckoned pipeline={pipeline} currency={currency} />}
              </p>
              {items.length > 0 && (
                <details className="group mt-1">
                  <summary className="flex min-h-9 items-center gap-1.5 text-sm font-medium text-muted hover:text-ink"><Icon name="down" className="size-4 transition-transform group-open:rotate-180" />{t('pipeline.show')}</summary>
                  <ul className="mt-1 space-y-1 text-sm">
                    {items.map((item) => (
                      <li key={item.item} className="flex items-center justify-between gap-3">
                        <Link to={`/projects/${item.project}`} className="truncate py-1 hover:underline" dir="auto">{item.title || t('person.unnamed')}</Link>
                        <span className="flex shrink-0 gap-3"><span className={item.overdue ? 'font-medium text-danger' : 'text-muted'}>{when(item)}</span><Money amount={item.amount} currency={currency} /></span>
                      </li>
                    ))}
                  </ul>
                </details>
              )}
            </li>
          );
        })}
      </ul>
    </ChartCard>
  );
}

function Reckoned({ pipeline, currency }: { pipeline: PipelineSummary; currency: string }) {
  const { t, locale } = useI18n();
  const [before = '', after = ''] = t('pipeline.reckoned', { amount: '|', share: percent(locale, pipeline.rate), won: pipeline.won, decided: pipeline.decided }).split(/\u2068?\|\u2069?/);
  return <>{before}<Money amount={pipeline.speculative.expected} currency={currency} />{after}</>;
}

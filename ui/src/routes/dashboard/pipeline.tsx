// What may still come, in three buckets that are never added up: committed
// (money is held or approved), probable (planned in a contract), speculative (proposed).
import { useI18n } from '../../i18n/i18n';
import { decimalsOf } from '../../lib/money';
import type { Milestone, Perspective, Proposal } from '../../types';
import { Money } from '../../ui/show';
import { ChartCard } from './chart-card';
import { numberFormat } from '../../lib/intl';

export type Bucket = 'committed' | 'probable' | 'speculative';
export const buckets: readonly Bucket[] = ['committed', 'probable', 'speculative'];

/** Sums milestones and proposals of one person and currency by how certain they are. Gross amounts. */
export function fillBuckets(me: string, view: Perspective, currency: string, milestones: readonly Milestone[], proposals: readonly Proposal[]): Record<Bucket, { amount: number; count: number }> {
  const side = view === 'income' ? 'freelancer' : 'client';
  const sums: Record<Bucket, { amount: number; count: number }> = { committed: { amount: 0, count: 0 }, probable: { amount: 0, count: 0 }, speculative: { amount: 0, count: 0 } };
  const add = (bucket: Bucket, amount: number) => {
    sums[bucket].amount += amount;
    sums[bucket].count += 1;
  };
  for (const one of milestones) {
    if (one[side] !== me || one.currency !== currency) continue;
    if (one.status === 'planned') add('probable', one.amount);
    else if (one.status !== 'released' && one.status !== 'cancelled') add('committed', one.amount);
  }
  for (const one of proposals) {
    if (one[side] === me && one.currency === currency && one.status === 'submitted') add('speculative', one.amount);
  }
  return sums;
}

const looks: Record<Bucket, string> = { committed: 'bg-[var(--chart-1)]', probable: 'bg-[var(--chart-3)]', speculative: 'bg-[var(--chart-5)]' };

interface Props {
  me: string;
  view: Perspective;
  currency: string;
  milestones: readonly Milestone[];
  proposals: readonly Proposal[];
}

export function Pipeline({ me, view, currency, milestones, proposals }: Props) {
  const { t, locale } = useI18n();
  const side = view === 'income' ? 'freelancer' : 'client';
  // Without any released money yet, the pipeline's own currency is the one to show.
  const shown = currency || milestones.find((one) => one[side] === me)?.currency || proposals.find((one) => one[side] === me)?.currency || '';
  if (!shown) return null;
  const sums = fillBuckets(me, view, shown, milestones, proposals);
  const most = Math.max(1, ...buckets.map((bucket) => sums[bucket].amount));
  return (
    <ChartCard title={t('pipeline.title')} explain={t(`pipeline.explain.${view}`)} name={`${view}-pipeline-${shown}`}
      header={[t('pipeline.bucket'), t('pipeline.items'), t('months.amount')]}
      rows={buckets.map((bucket) => [t(`pipeline.${bucket}`), numberFormat(locale).format(sums[bucket].count), <Money key={bucket} amount={sums[bucket].amount} currency={shown} />])}
      figures={buckets.map((bucket) => [bucket, sums[bucket].count, (sums[bucket].amount / 10 ** decimalsOf(shown)).toFixed(decimalsOf(shown))])}>
      <ul className="space-y-4">
        {buckets.map((bucket) => (
          <li key={bucket}>
            <p className="flex justify-between gap-4"><span className="font-medium">{t(`pipeline.${bucket}`)}</span><Money amount={sums[bucket].amount} currency={shown} className="font-semibold" /></p>
            <div aria-hidden="true" className="my-1.5 h-2.5 overflow-hidden rounded-full bg-sunken"><div className={`h-full rounded-full ${looks[bucket]}`} style={{ width: `${(sums[bucket].amount / most) * 100}%` }} /></div>
            <p className="text-sm text-muted">{t(`pipeline.${bucket}Text`)}</p>
          </li>
        ))}
      </ul>
    </ChartCard>
  );
}

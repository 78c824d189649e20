// What became of proposals: sent (or received), waiting, chosen, not chosen.
import { useI18n } from '../../i18n/i18n';
import type { Perspective, Proposal, ProposalStatus } from '../../types';
import { ChartCard } from './chart-card';
import { numberFormat, percent } from '../../lib/intl';

const shown: ProposalStatus[] = ['accepted', 'submitted', 'rejected', 'withdrawn', 'archived'];
const colours: Record<ProposalStatus, string> = { accepted: 'var(--chart-1)', submitted: 'var(--chart-3)', rejected: 'var(--chart-5)', withdrawn: 'var(--chart-5)', archived: 'var(--chart-5)' };

export function Funnel({ me, view, proposals }: { me: string; view: Perspective; proposals: readonly Proposal[] }) {
  const { t, locale } = useI18n();
  const own = proposals.filter((one) => (view === 'income' ? one.freelancer : one.client) === me);
  if (own.length === 0) return null;
  const number = (value: number) => numberFormat(locale).format(value);
  const counts = shown.map((status) => [status, own.filter((one) => one.status === status).length] as const).filter(([, count]) => count > 0);
  const decided = own.filter((one) => one.status === 'accepted' || one.status === 'rejected').length;
  const won = own.filter((one) => one.status === 'accepted').length;
  const wonShare = percent(locale, decided ? won / decided : 0);
  return (
    <ChartCard title={t(`funnel.title.${view}`)} explain={decided > 0 ? t(`funnel.explain.${view}`, { count: decided, share: wonShare }) : t('funnel.undecided')} name={`proposals-${view}`}
      header={[t('donut.status'), t('funnel.count')]} rows={counts.map(([status, count]) => [t(`status.proposal.${status}`), number(count)])} figures={counts.map(([status, count]) => [status, count])}>
      <ul className="space-y-3">
        <li className="flex justify-between gap-4 font-semibold"><span>{t(`funnel.all.${view}`)}</span><span className="figures">{number(own.length)}</span></li>
        {counts.map(([status, count]) => (
          <li key={status}>
            <p className="flex justify-between gap-4"><span>{t(`status.proposal.${status}`)}</span><span className="figures font-semibold">{number(count)}</span></p>
            <div aria-hidden="true" className="mt-1 h-2 overflow-hidden rounded-full bg-sunken"><div className="h-full rounded-full" style={{ width: `${(count / own.length) * 100}%`, background: colours[status] }} /></div>
          </li>
        ))}
      </ul>
    </ChartCard>
  );
}

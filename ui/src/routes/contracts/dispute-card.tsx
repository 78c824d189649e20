// A dispute: what it is about, what both sides want, until when, and what can be done.
import { useEvidence } from '../../data/disputes';
import { useI18n } from '../../i18n/i18n';
import type { Dispute } from '../../types';
import { Notice, SkeletonRows } from '../../ui/feedback';
import { Icon } from '../../ui/icon';
import { Money, Status, useDates } from '../../ui/show';
import { DisputeActions } from './dispute-actions';

interface Props {
  dispute: Dispute;
  side: 'client' | 'freelancer';
  me: string;
}

export function DisputeCard({ dispute, side, me }: Props) {
  const { t } = useI18n();
  const dates = useDates();
  const closed = dispute.status === 'closed';
  const title = `dispute-${dispute.id}`;
  return (
    <section aria-labelledby={title} className={`card p-5 ${closed ? '' : 'border-danger'}`}>
      <div className="flex flex-wrap items-start justify-between gap-2">
        <h2 id={title} className="text-lg font-semibold">{t('dispute.about', { title: dispute.title })}</h2>
        <Status of="dispute" status={dispute.status} />
      </div>
      <p className="mt-1 text-muted">{t(`dispute.category.${dispute.category}`)} · {dates.day(dispute.created)} · {t(dispute.openedBy === me ? 'dispute.byYou' : 'dispute.byOther')}</p>
      <blockquote className="prose-text mt-3 rounded-lg border-s-4 border-line bg-sunken px-4 py-2.5" dir="auto">{dispute.reason}</blockquote>
      {dispute.answer && <blockquote className="prose-text ms-6 mt-2 rounded-lg border-s-4 border-line bg-sunken px-4 py-2.5" dir="auto"><span className="block text-sm font-semibold">{t('dispute.answerSaid')}</span>{dispute.answer}</blockquote>}
      <Positions dispute={dispute} side={side} />
      {dispute.status === 'in_review' && <div className="mt-4"><Notice tone="info">{t('dispute.inReview')}</Notice></div>}
      {closed ? (
        <div className="mt-4"><Notice tone="good" icon="check" title={t(`dispute.outcome.${dispute.outcome || 'withdrawn'}`)}>
          {dispute.outcome !== 'withdrawn' && <p>{t('dispute.freelancerGot')} <Money amount={dispute.toFreelancer} currency={dispute.currency} className="font-semibold" /> · {t('dispute.clientGot')} <Money amount={dispute.amount - dispute.toFreelancer} currency={dispute.currency} className="font-semibold" /></p>}
          {dispute.outcome === 'ruled' && dispute.decision && <p className="prose-text" dir="auto">{dispute.decision}</p>}
        </Notice></div>
      ) : <DisputeActions dispute={dispute} side={side} me={me} />}
      <EvidenceList dispute={dispute.id} />
    </section>
  );
}

/** Both positions on one scale from nothing to the disputed amount. */
function Positions({ dispute, side }: { dispute: Dispute; side: 'client' | 'freelancer' }) {
  const { t } = useI18n();
  const answered = dispute.status !== 'open' || dispute.outcome !== '';
  const opener = dispute.openedBy === dispute.client ? 'client' : 'freelancer';
  const rows = (['client', 'freelancer'] as const).filter((one) => answered || one === opener).map((one) => ({
    who: one, amount: one === 'client' ? dispute.clientPosition : dispute.freelancerPosition,
  }));
  return (
    <ul className="mt-4 space-y-3">
      <li className="flex justify-between gap-4"><span className="text-muted">{t('dispute.amount')}</span><Money amount={dispute.amount} currency={dispute.currency} className="font-semibold" /></li>
      {rows.map(({ who, amount }) => (
        <li key={who}>
          <div className="flex justify-between gap-4"><span>{t(who !== side ? `dispute.${who}Wants` : side === 'client' ? 'dispute.youWant' : 'dispute.youWantToGet')}</span><Money amount={amount} currency={dispute.currency} className="font-semibold" /></div>
          <div aria-hidden="true" className="mt-1.5 h-2 overflow-hidden rounded-full bg-sunken"><div className={`h-full rounded-full ${who === side ? 'bg-primary' : 'bg-edge'}`} style={{ width: `${(100 * amount) / dispute.amount}%` }} /></div>
        </li>
      ))}
    </ul>
  );
}

/** What was kept for a moderator; both sides see the same. */
function EvidenceList({ dispute }: { dispute: string }) {
  const { t } = useI18n();
  const query = useEvidence(dispute);
  return (
    <details className="mt-4 border-t border-line pt-3">
      <summary className="flex min-h-9 items-center gap-2 font-medium"><Icon name="down" className="size-4" />{t('dispute.evidence', { count: query.data?.length ?? 0 })}</summary>
      <p className="py-2 text-sm text-muted">{t('dispute.evidenceText')}</p>
      {query.isPending && <SkeletonRows count={2} className="h-10" />}
      <ul className="space-y-2">
        {query.data?.map((one) => (
          <li key={one.id} className="rounded-lg bg-sunken px-4 py-3">
            <p className="font-medium">{t(`evidence.${one.kind}`)}</p>
            <p className="text-sm text-muted">{contents(one.content, t)}</p>
            <p className="text-xs break-all text-muted"><bdi>SHA-256 {one.sha256}</bdi></p>
          </li>
        ))}
      </ul>
    </details>
  );
}

function contents(content: unknown, t: ReturnType<typeof useI18n>['t']): string {
  const parts = (content ?? {}) as Record<string, unknown>;
  const count = (name: string) => (Array.isArray(parts[name]) ? (parts[name] as unknown[]).length : 0);
  const said = [
    count('milestones') > 0 && t('evidence.milestones', { count: count('milestones') }), count('timeline') > 0 && t('evidence.steps', { count: count('timeline') }),
    count('deliverables') > 0 && t('evidence.deliverables', { count: count('deliverables') }), Array.isArray(parts.messages) && t('evidence.messageCount', { count: count('messages') }),
  ];
  return said.filter(Boolean).join(' · ');
}

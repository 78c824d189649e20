// One milestone with its money, and what the person looking at it can do.
import { useI18n } from '../../i18n/i18n';
import type { Contract, Milestone, Payment } from '../../types';
import { CommandDialog } from '../../ui/command-dialog';
import { FeeTable } from '../../ui/fee-table';
import { Money, Status, useDates } from '../../ui/show';
import { FundDialog } from './fund-dialog';
import { MilestoneDialog } from './milestone-dialog';
import { heldOf, paymentFor } from './next-step';
import { PartDialog } from './part-dialog';

interface Props {
  milestone: Milestone;
  contract: Contract;
  payments: readonly Payment[];
  side: 'client' | 'freelancer';
}

export function MilestoneCard({ milestone, contract, payments, side }: Props) {
  const { t } = useI18n();
  const dates = useDates();
  const payment = paymentFor(milestone, payments);
  const held = heldOf(payment);
  return (
    <li className="py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <h3 className="min-w-0 font-semibold" dir="auto"><span className="text-muted figures">{milestone.position}.</span> {milestone.title}</h3>
        <div className="flex items-center gap-3"><Money amount={milestone.amount} currency={milestone.currency} className="font-semibold" /><Status of="milestone" status={milestone.status} /></div>
      </div>
      <ul className="mt-1 flex flex-wrap gap-x-4 text-sm text-muted">
        {milestone.dueAt && <li>{t('milestone.due', { date: dates.day(milestone.dueAt) })}</li>}
        {milestone.submittedAt && <li>{t('milestone.submitted', { date: dates.moment(milestone.submittedAt) })}</li>}
        {held > 0 && <li>{t('milestone.held')} <Money amount={held} currency={milestone.currency} /></li>}
        {(payment?.released ?? 0) > 0 && <li>{t('milestone.released')} <Money amount={payment?.released ?? 0} currency={milestone.currency} /></li>}
        {(payment?.refunded ?? 0) > 0 && <li>{t('milestone.refunded')} <Money amount={payment?.refunded ?? 0} currency={milestone.currency} /></li>}
        {payment?.status === 'failed' && milestone.status === 'planned' && <li className="text-danger">{t('milestone.paymentFailed')}</li>}
      </ul>
      {milestone.note && (milestone.status === 'submitted' || milestone.status === 'changes_requested') && <blockquote className="prose-text mt-3 rounded-lg border-s-4 border-line bg-sunken px-4 py-2.5" dir="auto">{milestone.note}</blockquote>}
      <div className="mt-3 empty:hidden"><MilestoneActions {...{ milestone, contract, payments, side }} /></div>
    </li>
  );
}

/** The commands that are legal now for this person. The next step's card shows the main ones only. */
export function MilestoneActions({ milestone, contract, payments, side, main = false }: Props & { main?: boolean }) {
  const { t } = useI18n();
  const payment = paymentFor(milestone, payments);
  const held = heldOf(payment);
  const { status } = milestone;
  const path = `milestones/${milestone.id}`;
  const actions: React.ReactNode[] = [];
  if (side === 'client') {
    if (status === 'planned' && contract.status === 'active' && payment?.status !== 'pending' && held === 0) {
      actions.push(<FundDialog key="fund" milestone={milestone} contract={contract} look={main ? 'primary' : 'plain'} />);
      if (!main) actions.push(<MilestoneDialog key="edit" contract={contract} before={milestone} />);
    }
    if (status === 'submitted' || (status === 'funded' && !main)) {
      actions.push(
        <CommandDialog key="approve" label={t('milestone.approve')} look={main ? 'primary' : 'plain'} small={!main} domain="projects" path={`${path}/approve`} done={t('milestone.approved')} text={{ name: 'note', label: t('milestone.note') }}>
          <p>{status === 'funded' ? t('milestone.approveEarlyText') : t('milestone.approveText')}</p>
          {payment && <FeeTable amount={held} currency={milestone.currency} plan={contract.feePlan} side="client" />}
        </CommandDialog>,
      );
    }
    if (status === 'submitted') {
      actions.push(
        <CommandDialog key="changes" label={t('milestone.requestChanges')} small={!main} domain="projects" path={`${path}/request-changes`} done={t('milestone.changesRequested')} text={{ name: 'note', label: t('milestone.changesNote'), required: true }}>
          <p className="text-muted">{t('milestone.requestChangesText')}</p>
        </CommandDialog>,
      );
    }
    if (held > 0 && payment && !main && status !== 'approved') actions.push(<PartDialog key="release" verb="release" payment={payment} held={held} plan={contract.feePlan} />);
  } else {
    if (status === 'funded' || status === 'changes_requested') {
      actions.push(
        <CommandDialog key="submit" label={t('milestone.submit')} look={main ? 'primary' : 'plain'} small={!main} domain="projects" path={`${path}/submit`} done={t('milestone.submittedDone')} text={{ name: 'note', label: t('milestone.submitNote'), placeholder: t('milestone.submitHint') }}>
          <p className="text-muted">{t('milestone.submitText')}</p>
        </CommandDialog>,
      );
    }
    if (held > 0 && payment && !main && status !== 'approved') actions.push(<PartDialog key="refund" verb="refund" payment={payment} held={held} plan={contract.feePlan} />);
  }
  if (actions.length === 0) return null;
  return <div className="flex flex-wrap gap-2">{actions}</div>;
}

// One milestone with its money, and what the person looking at it can do.
import { useI18n } from '../../i18n/i18n';
import type { Contract, Milestone, Payment } from '../../types';
import { CommandDialog } from '../../ui/command-dialog';
import { Icon } from '../../ui/icon';
import { Money, Status, useDates } from '../../ui/show';
import { ApproveDialog } from './approve-dialog';
import { Chargeback } from './chargeback';
import { ConfirmPayment } from './confirm-payment';
import { Deliverables } from './deliverables';
import { DisputeDialog } from './dispute-dialog';
import { FundDialog } from './fund-dialog';
import { MilestoneDialog } from './milestone-dialog';
import { heldOf, nextPlanned, paymentFor } from './next-step';
import { PartDialog } from './part-dialog';
import { RefundAsked } from './refund-ask';

interface Props {
  milestone: Milestone;
  milestones: readonly Milestone[];
  contract: Contract;
  payments: readonly Payment[];
  side: 'client' | 'freelancer';
}

export function MilestoneCard({ milestone, milestones, contract, payments, side }: Props) {
  const { t } = useI18n();
  const dates = useDates();
  const payment = paymentFor(milestone, payments);
  const money: [string, number][] = [
    [t('milestone.held'), heldOf(payment)], [t('milestone.disputed'), payment?.disputed ?? 0], [t('milestone.chargedBack'), payment?.chargedBack ?? 0], [t('milestone.released'), payment?.released ?? 0],
    [t('milestone.rolled'), payment?.rolled ?? 0], [t('milestone.refunded'), payment?.refunded ?? 0],
  ];
  return (
    <li className="py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <h3 className="min-w-0 font-semibold"><span className="text-muted figures">{milestone.position}.</span> <bdi>{milestone.kind === 'bonus' ? t('bonus.name') : milestone.title}</bdi></h3>
        <div className="flex items-center gap-3"><Money amount={milestone.amount} currency={milestone.currency} className="font-semibold" /><Status of="milestone" status={milestone.status} /></div>
      </div>
      <ul className="mt-1 flex flex-wrap gap-x-4 text-sm text-muted">
        {milestone.dueAt && <li>{t('milestone.due', { date: dates.day(milestone.dueAt) })}</li>}
        {milestone.submittedAt && <li>{t('milestone.submitted', { date: dates.moment(milestone.submittedAt) })}</li>}
        {money.filter(([, amount]) => amount > 0).map(([label, amount]) => <li key={label}>{label} <Money amount={amount} currency={milestone.currency} /></li>)}
        {payment?.status === 'failed' && milestone.status === 'planned' && <li className="text-danger">{t('milestone.paymentFailed')}</li>}
      </ul>
      {milestone.underpaymentReason && <p className="prose-text mt-2 text-sm" dir="auto"><span className="font-semibold">{t('milestone.lessPaid')}</span> {milestone.underpaymentReason}</p>}
      {milestone.note && (milestone.status === 'submitted' || milestone.status === 'changes_requested') && <blockquote className="prose-text mt-3 rounded-lg border-s-4 border-line bg-sunken px-4 py-2.5" dir="auto">{milestone.note}</blockquote>}
      <Deliverables milestone={milestone} side={side} />
      {payment?.status === 'pending' && side === 'client' && <ConfirmPayment payment={payment} />}
      {payment?.chargeback && <Chargeback payment={payment} side={side} />}
      {payment && payment.refundAsked > 0 && <RefundAsked payment={payment} side={side} />}
      <div className="mt-3 empty:hidden"><MilestoneActions {...{ milestone, milestones, contract, payments, side }} /></div>
    </li>
  );
}

/** The commands that are legal now for this person. The next step's card shows the main ones only. */
export function MilestoneActions({ milestone, milestones, contract, payments, side, main = false }: Props & { main?: boolean }) {
  const { t } = useI18n();
  const payment = paymentFor(milestone, payments);
  const held = heldOf(payment);
  const { status } = milestone;
  const path = `milestones/${milestone.id}`;
  const look = main ? 'primary' : 'plain';
  const actions: React.ReactNode[] = [];
  if (side === 'client') {
    if (status === 'planned' && contract.status !== 'ended' && payment?.status !== 'pending' && held === 0) {
      actions.push(<FundDialog key="fund" milestone={milestone} contract={contract} look={look} />);
      if (!main && milestone.kind !== 'bonus') actions.push(<MilestoneDialog key="edit" contract={contract} before={milestone} />);
    }
    if (held > 0 && (status === 'submitted' || (status === 'funded' && !main))) {
      actions.push(<ApproveDialog key="approve" milestone={milestone} contract={contract} payment={payment} next={nextPlanned(milestone, milestones)} look={look} small={!main} />);
    }
    if (status === 'submitted') {
      actions.push(
        <CommandDialog key="changes" label={t('milestone.requestChanges')} small={!main} domain="projects" path={`${path}/request-changes`} done={t('milestone.changesRequested')} text={{ name: 'note', label: t('milestone.changesNote'), required: true }}>
          <p className="text-muted">{t('milestone.requestChangesText')}</p>
        </CommandDialog>,
      );
    }
  } else if (status === 'funded' || status === 'changes_requested') {
    actions.push(
      <CommandDialog key="submit" label={t('milestone.submit')} look={look} small={!main} domain="projects" path={`${path}/submit`} done={t('milestone.submittedDone')} text={{ name: 'note', label: t('milestone.submitNote'), placeholder: t('milestone.submitHint') }}>
        <p className="text-muted">{t('milestone.submitText')}</p>
      </CommandDialog>,
    );
  }
  const more = payment && !main && held > 0 && status !== 'approved' ? <MoreActions {...{ payment, contract, held, side }} /> : null;
  if (actions.length === 0 && !more) return null;
  return <div className="flex flex-wrap items-start gap-2">{actions}{more}</div>;
}

/** What is rarely needed, out of the way. */
function MoreActions({ payment, contract, held, side }: { payment: Payment; contract: Contract; held: number; side: 'client' | 'freelancer' }) {
  const { t } = useI18n();
  return (
    <details className="group open:w-full">
      <summary className="inline-flex min-h-9 list-none items-center gap-1.5 rounded-[10px] px-3 text-sm font-medium text-muted hover:bg-sunken hover:text-ink">{t('milestone.more')}<Icon name="down" className="size-4 group-open:rotate-180" /></summary>
      <div className="mt-2 flex flex-wrap gap-2">
        {side === 'client' ? <PartDialog verb="release" payment={payment} held={held} plan={contract.feePlan} /> : <PartDialog verb="refund" payment={payment} held={held} plan={contract.feePlan} />}
        {side === 'client' && payment.refundAsked === 0 && <PartDialog verb="ask-refund" payment={payment} held={held} plan={contract.feePlan} />}
        {payment.status === 'held' && <DisputeDialog payment={payment} held={held} side={side} />}
      </div>
    </details>
  );
}

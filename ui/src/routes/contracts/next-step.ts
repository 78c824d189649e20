// What happens next in a contract, who has to do it, and whom waiting favours.
// Pure, so that every case has a test. What happens by itself is in the deadlines.
import type { Contract, Dispute, Milestone, MilestoneStatus, Payment } from '../../types';

export type Actor = 'client' | 'freelancer' | 'both' | 'moderator' | 'server' | 'nobody';

export interface NextStep {
  step: 'dispute' | 'talks' | 'review' | 'refundAsked' | 'fund' | 'confirm' | 'funding' | 'deliver' | 'decide' | 'rework' | 'releasing' | 'plan' | 'completed' | 'ended';
  actor: Actor;
  milestone?: Milestone;
  /** When the work is due, if that is what is waited for. */
  due?: string;
  /** The record whose deadline decides what happens if nobody acts. */
  subject?: string;
}

/** The milestone that needs attention first. */
const urgency: MilestoneStatus[] = ['submitted', 'approved', 'changes_requested', 'funded', 'planned'];

/** What of a payment can be moved now: what is held, less what a dispute or a chargeback locks. */
export function heldOf(payment: Payment | undefined): number {
  if (payment?.status !== 'held' && payment?.status !== 'disputed') return 0;
  return payment.amount - payment.released - payment.refunded - (payment.disputed || 0) - (payment.rolled || 0) - (payment.chargedBack || 0);
}

export function paymentFor(milestone: Milestone, payments: readonly Payment[]): Payment | undefined {
  const own = payments.filter((payment) => payment.milestone === milestone.id);
  return own.find((payment) => payment.id === milestone.payment) ?? own.find((payment) => payment.status === 'held' || payment.status === 'pending') ?? own[0];
}

/** The planned milestone that held money could roll on to. */
export function nextPlanned(milestone: Milestone, milestones: readonly Milestone[]): Milestone | undefined {
  return milestones.filter((one) => one.status === 'planned' && one.kind !== 'bonus' && one.position > milestone.position).sort((a, b) => a.position - b.position)[0];
}

function disputeStep(dispute: Dispute, milestones: readonly Milestone[]): NextStep {
  const milestone = milestones.find((one) => one.id === dispute.milestone);
  const subject = dispute.id;
  if (dispute.status === 'in_review') return { step: 'review', actor: 'moderator', milestone, subject };
  if (dispute.status !== 'open') return { step: 'talks', actor: 'both', milestone, subject };
  return { step: 'dispute', actor: dispute.openedBy === dispute.client ? 'freelancer' : 'client', milestone, subject };
}

/** toConfirm is the id of a payment that waits for its client on the provider's page; only the client knows of it. */
export function nextStep(contract: Contract, milestones: readonly Milestone[], payments: readonly Payment[], disputes: readonly Dispute[] = [], toConfirm = ''): NextStep {
  const dispute = disputes.find((one) => one.status !== 'closed');
  if (dispute) return disputeStep(dispute, milestones);
  if (contract.status === 'completed') return { step: 'completed', actor: 'nobody' };
  if (contract.status === 'ended') return { step: 'ended', actor: 'nobody' };
  const asked = payments.find((payment) => payment.refundAsked > 0 && heldOf(payment) > 0);
  if (asked) return { step: 'refundAsked', actor: 'freelancer', milestone: milestones.find((one) => one.id === asked.milestone), subject: asked.id };
  const open = [...milestones].sort((a, b) => a.position - b.position);
  for (const status of urgency) {
    const milestone = open.find((one) => one.status === status && !(status === 'planned' && one.kind === 'bonus'));
    if (!milestone) continue;
    const subject = status === 'submitted' ? milestone.id : paymentFor(milestone, payments)?.id;
    switch (status) {
      case 'submitted': return { step: 'decide', actor: 'client', milestone, subject };
      case 'approved': return { step: 'releasing', actor: 'server', milestone };
      case 'changes_requested': return { step: 'rework', actor: 'freelancer', milestone, due: milestone.dueAt, subject };
      case 'funded': return { step: 'deliver', actor: 'freelancer', milestone, due: milestone.dueAt, subject };
      default: {
        const pending = payments.find((payment) => payment.milestone === milestone.id && (payment.status === 'pending' || payment.status === 'held'));
        if (pending && pending.id === toConfirm) return { step: 'confirm', actor: 'client', milestone };
        return pending ? { step: 'funding', actor: 'server', milestone } : { step: 'fund', actor: 'client', milestone };
      }
    }
  }
  return { step: 'plan', actor: 'client' };
}

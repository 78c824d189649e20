// What happens next in a contract, who has to do it, and whom waiting favours.
// Pure, so that every case has a test. Says only what the server really does:
// no clock releases or refunds money by itself.
import type { Contract, Milestone, MilestoneStatus, Payment } from '../../types';

export type Actor = 'client' | 'freelancer' | 'server' | 'nobody';

export interface NextStep {
  step: 'fund' | 'funding' | 'deliver' | 'decide' | 'rework' | 'releasing' | 'plan' | 'completed' | 'ended';
  actor: Actor;
  milestone?: Milestone;
  /** When the work is due, if that is what is waited for. */
  due?: string;
}

/** The milestone that needs attention first. */
const urgency: MilestoneStatus[] = ['submitted', 'approved', 'changes_requested', 'funded', 'planned'];

export function heldOf(payment: Payment | undefined): number {
  return payment?.status === 'held' ? payment.amount - payment.released - payment.refunded : 0;
}

export function paymentFor(milestone: Milestone, payments: readonly Payment[]): Payment | undefined {
  const own = payments.filter((payment) => payment.milestone === milestone.id);
  return own.find((payment) => payment.id === milestone.payment) ?? own.find((payment) => payment.status === 'held' || payment.status === 'pending') ?? own[0];
}

export function nextStep(contract: Contract, milestones: readonly Milestone[], payments: readonly Payment[]): NextStep {
  if (contract.status === 'completed') return { step: 'completed', actor: 'nobody' };
  if (contract.status === 'ended') return { step: 'ended', actor: 'nobody' };
  const open = [...milestones].sort((a, b) => a.position - b.position);
  for (const status of urgency) {
    const milestone = open.find((one) => one.status === status);
    if (!milestone) continue;
    switch (status) {
      case 'submitted': return { step: 'decide', actor: 'client', milestone };
      case 'approved': return { step: 'releasing', actor: 'server', milestone };
      case 'changes_requested': return { step: 'rework', actor: 'freelancer', milestone, due: milestone.dueAt };
      case 'funded': return { step: 'deliver', actor: 'freelancer', milestone, due: milestone.dueAt };
      default: {
        const pending = payments.some((payment) => payment.milestone === milestone.id && (payment.status === 'pending' || payment.status === 'held'));
        return pending ? { step: 'funding', actor: 'server', milestone } : { step: 'fund', actor: 'client', milestone };
      }
    }
  }
  return { step: 'plan', actor: 'client' };
}

import { keys } from '../data/keys';

/** Which queries a notification of this kind makes stale. */
export function affectedBy(kind: string): readonly (readonly string[])[] {
  const base = [keys.notifications];
  if (kind.startsWith('proposal.')) return [...base, keys.proposals, keys.projects];
  if (kind.startsWith('contract.')) return [...base, keys.contracts, keys.milestones, keys.proposals, keys.projects, keys.timeline, keys.chats];
  if (kind.startsWith('milestone.')) return [...base, keys.milestones, keys.contracts, keys.timeline, keys.deadlines];
  if (kind.startsWith('payment.')) return [...base, keys.payments, keys.milestones, keys.contracts, keys.timeline, keys.earnings, keys.projects, keys.deadlines, keys.payouts];
  if (kind.startsWith('dispute.')) return [...base, keys.disputes, keys.deadlines, keys.payments, keys.milestones, keys.timeline, keys.earnings];
  if (kind.startsWith('payout.') || kind.startsWith('destination.')) return [...base, keys.payouts, keys.earnings, keys.deadlines];
  if (kind.startsWith('deadline.')) return [...base, keys.deadlines];
  return base;
}

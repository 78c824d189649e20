// Proposals as rows of a table: what they are compared by, and in which order.
import type { Proposal, User } from '../../types';

/** A proposal beside what is known of who made it. */
export interface Offered {
  proposal: Proposal;
  person: User | undefined;
}

/** What a column sorts by; missing values come last, whichever way it is sorted. */
const values = {
  price: (one: Offered) => one.proposal.amount,
  days: (one: Offered) => one.proposal.days || null,
  rating: (one: Offered) => (one.person?.reviewCount ? one.person.rating : null),
  jobs: (one: Offered) => one.person?.completedContracts ?? null,
  milestones: (one: Offered) => one.proposal.milestones?.length || 1,
  sent: (one: Offered) => Date.parse(one.proposal.created.replace(' ', 'T')),
} as const;

export type Column = keyof typeof values;
export const columns = Object.keys(values) as Column[];

/** Which end of a column one wants to see first: the cheapest, the best rated. */
export const bestFirst: Record<Column, 'ascending' | 'descending'> = {
  price: 'ascending', days: 'ascending', rating: 'descending', jobs: 'descending', milestones: 'descending', sent: 'descending',
};

export interface Order {
  by: Column;
  way: 'ascending' | 'descending';
}

const ranks: Record<Proposal['status'], number> = { accepted: 0, submitted: 1, rejected: 2, withdrawn: 2, archived: 2 };

/** Who was hired first, then those one can still hire, then the rest; each by the order. */
export function sortOffers(offers: readonly Offered[], { by, way }: Order): Offered[] {
  const sign = way === 'ascending' ? 1 : -1;
  return [...offers].sort((a, b) => {
    const rank = ranks[a.proposal.status] - ranks[b.proposal.status];
    if (rank !== 0) return rank;
    const [x, y] = [values[by](a), values[by](b)];
    if (x === y) return a.proposal.created.localeCompare(b.proposal.created);
    if (x === null || y === null) return x === null ? 1 : -1;
    return sign * (x - y);
  });
}

/** The open offers that are the cheapest; none when there is nothing to compare. */
export function cheapest(offers: readonly Offered[]): Set<string> {
  const open = offers.filter((one) => one.proposal.status === 'submitted');
  const lowest = Math.min(...open.map((one) => one.proposal.amount));
  return new Set(open.length > 1 ? open.filter((one) => one.proposal.amount === lowest).map((one) => one.proposal.id) : []);
}

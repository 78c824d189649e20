import { expect, test } from 'vitest';
import type { Proposal, User } from '../../types';
import { bestFirst, cheapest, columns, sortOffers, type Offered } from './offers';

function offer(id: string, amount: number, days: number, person?: Partial<User>, more: Partial<Proposal> = {}): Offered {
  return {
    proposal: { id, amount, days, status: 'submitted', created: `2026-03-0${id.charCodeAt(0) - 96} 12:00:00.000Z`, milestones: null, ...more } as Proposal,
    person: person ? ({ rating: 0, reviewCount: 0, completedContracts: 0, ...person } as User) : undefined,
  };
}

const offers = [
  offer('a', 500, 0, { rating: 450, reviewCount: 4, completedContracts: 6 }),
  offer('b', 300, 20, { rating: 490, reviewCount: 2, completedContracts: 2 }),
  offer('c', 300, 5, {}, { milestones: [{ title: 'A', amount: 100, dueAt: '' }, { title: 'B', amount: 200, dueAt: '' }] }),
  offer('d', 100, 1, undefined, { status: 'rejected' }),
  offer('e', 900, 9, { completedContracts: 1 }, { status: 'accepted' }),
];
const ids = (list: Offered[]) => list.map((one) => one.proposal.id).join('');

test('who was hired comes first, who is out of it last, whatever the order', () => {
  for (const by of columns) for (const way of ['ascending', 'descending'] as const) expect(ids(sortOffers(offers, { by, way })), by).toMatch(/^e...d$/);
});

test('each column has an order, and what is not known comes last', () => {
  const sorted = Object.fromEntries(columns.map((by) => [by, ids(sortOffers(offers, { by, way: bestFirst[by] })).slice(1, -1)]));
  expect(sorted).toEqual({ price: 'bca', days: 'cba', rating: 'bac', jobs: 'abc', milestones: 'cab', sent: 'cba' });
  expect(ids(sortOffers(offers, { by: 'rating', way: 'ascending' }))).toBe('eabcd');
  expect(ids(sortOffers(offers, { by: 'days', way: 'descending' }))).toBe('ebcad');
});

test('the lowest price is that of an open offer, and only beside another', () => {
  expect([...cheapest(offers)]).toEqual(['b', 'c']);
  expect(cheapest(offers.slice(3)).size).toBe(0);
  expect(cheapest(offers.slice(0, 1)).size).toBe(0);
});

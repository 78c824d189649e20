import { expect, test } from 'vitest';
import { chatRows, keepAhead } from '../../data/chats';
import { searchFilter } from '../../data/projects';
import { affectedBy } from '../../live/affected';
import type { Member, Milestone, Payment, Proposal } from '../../types';
import { searchOf } from '../projects/search';
import { roundForPeople } from './outlook';
import { fillBuckets } from './pipeline';
import { sumByPart } from './status-donut';

test('each part of a payment counts once', () => {
  const sums = sumByPart([
    { status: 'split', amount: 1000, released: 700, refunded: 300 }, { status: 'held', amount: 500, released: 100, refunded: 0 },
    { status: 'pending', amount: 50, released: 0, refunded: 0 }, { status: 'failed', amount: 70, released: 0, refunded: 0 },
  ] as Payment[]);
  expect(sums).toEqual({ released: { amount: 800, count: 2 }, refunded: { amount: 300, count: 1 }, held: { amount: 400, count: 1 }, pending: { amount: 50, count: 1 }, failed: { amount: 70, count: 1 } });
});

test('the pipeline sorts by certainty, for one person and one currency', () => {
  const milestones = [
    { freelancer: 'f', client: 'c', currency: 'EUR', status: 'funded', amount: 10 }, { freelancer: 'f', client: 'c', currency: 'EUR', status: 'planned', amount: 20 },
    { freelancer: 'f', client: 'c', currency: 'EUR', status: 'released', amount: 40 }, { freelancer: 'f', client: 'c', currency: 'USD', status: 'funded', amount: 80 },
  ] as Milestone[];
  const proposals = [{ freelancer: 'f', client: 'c', currency: 'EUR', status: 'submitted', amount: 5 }, { freelancer: 'x', client: 'c', currency: 'EUR', status: 'submitted', amount: 7 }] as Proposal[];
  expect(fillBuckets('f', 'income', 'EUR', milestones, proposals)).toEqual({ committed: { amount: 10, count: 1 }, probable: { amount: 20, count: 1 }, speculative: { amount: 5, count: 1 } });
  expect(fillBuckets('c', 'spend', 'EUR', milestones, proposals).speculative).toEqual({ amount: 12, count: 2 });
});

test('a forecast is rounded to what it can know', () => {
  expect(roundForPeople(843217, 2)).toBe(840000);
  expect(roundForPeople(1249, 2)).toBe(1200);
  expect(roundForPeople(40, 2)).toBe(0);
  expect(roundForPeople(0, 2)).toBe(0);
  expect(roundForPeople(12345, 0)).toBe(12000);
});

test('a search becomes a filter in which nothing can break out', () => {
  const search = searchOf(new URLSearchParams('q=tea"+pot&without=logo,crypto&currency=EUR&min=5000&sort=nonsense'));
  expect(search.sort).toBe('newest');
  const text = searchFilter(search);
  expect(text).toContain('status = "open"');
  expect(text.match(/!~/g)).toHaveLength(6);
  expect(text).toContain('title ~ "tea\\""');
  expect(text).toContain('budgetMax >= 5000');
  expect(searchFilter({ ...search, q: "x' || status = 'draft" })).not.toContain("'x' ||");
});

const member = (id: string, chat: string, user: string, lastReadSeq: number, lastSeq: number, at: string) =>
  ({ id, chat, user, lastReadSeq, expand: { chat: { id: chat, lastSeq, lastMessageAt: at } } }) as Member;

test('chats stand by their latest message, with what I have not read', () => {
  const rows = chatRows([member('1', 'a', 'me', 2, 5, '2026-01-01'), member('2', 'a', 'you', 5, 5, '2026-01-01'), member('3', 'b', 'me', 7, 7, '2026-02-01')], 'me');
  expect(rows.map((row) => [row.chat.id, row.unread, row.others.length])).toEqual([['b', 0, 0], ['a', 3, 1]]);
});

test('a late answer does not take back what was read meanwhile', () => {
  expect(keepAhead([member('1', 'a', 'me', 2, 5, '')], [member('1', 'a', 'me', 4, 5, '')])[0]?.lastReadSeq).toBe(4);
});

test('news make stale what they are about', () => {
  expect(affectedBy('payment.released').flat()).toContain('earnings');
  expect(affectedBy('proposal.submitted').flat()).toContain('proposals');
  expect(affectedBy('something.new').flat()).toEqual(['notifications']);
});

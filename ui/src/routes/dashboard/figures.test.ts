import { expect, test } from 'vitest';
import { chatRows, keepAhead } from '../../data/chats';
import { searchFilter } from '../../data/projects';
import { affectedBy } from '../../live/affected';
import type { ForecastHistory, ForecastMonth, Member, Payment } from '../../types';
import { searchOf } from '../projects/search';
import { split } from './months-chart';
import { roundForPeople, whyKey } from './outlook';
import { pastMonths } from './record';
import { sumByPart } from './status-donut';
import { contractAmounts } from './what-if';

test('each part of a payment counts once', () => {
  const sums = sumByPart([
    { status: 'split', amount: 1000, released: 700, refunded: 300 }, { status: 'held', amount: 500, released: 100, refunded: 0 },
    { status: 'pending', amount: 50, released: 0, refunded: 0 }, { status: 'failed', amount: 70, released: 0, refunded: 0 },
  ] as Payment[]);
  expect(sums).toEqual({ released: { amount: 800, count: 2 }, refunded: { amount: 300, count: 1 }, held: { amount: 400, count: 1 }, pending: { amount: 50, count: 1 }, failed: { amount: 70, count: 1 } });
});

test('a predicted month splits into what is promised and what is expected', () => {
  const parts = { earned: 1, level: 100, trend: -10, season: 5, pooled: 2, committed: 10, probable: 20, late: 3, overdue: 4, speculative: 5 };
  expect(split({ parts } as ForecastMonth)).toEqual({ promised: 42, expected: 97 });
  expect(split({ parts: { ...parts, trend: -500 } } as ForecastMonth).expected).toBe(0);
});

test('another contract is laid out month by month, at most a year', () => {
  expect(contractAmounts(500, 1, 2)).toEqual([0, 500, 500]);
  expect(contractAmounts(500, 10, 12)).toHaveLength(12);
});

test('of each month the first forecast is held against what came', () => {
  const month = (name: string, mean: number, actual?: number) => ({ month: name, mean, lower80: 0, upper80: 10, ...(actual === undefined ? {} : { actual }) });
  const history = { currency: 'EUR', forecasts: [
    { day: '2026-03-02', months: [month('2026-03', 1)] }, { day: '2026-02-20', months: [month('2026-02', 2, 7)] },
    { day: '2026-02-01', months: [month('2026-02', 3, 7)] }, { day: '2026-01-01', months: [month('2026-01', 0, 0)] },
  ] } as unknown as ForecastHistory;
  expect(pastMonths(history)).toEqual([{ month: '2026-02', mean: 3, lower80: 0, upper80: 10, actual: 7 }]);
});

test('a reason has words, and an unknown one is left out', () => {
  expect(whyKey({ kind: 'trend', amount: -5, text: '' }, 'income')).toBe('why.trend.less');
  expect(whyKey({ kind: 'earned', text: '' }, 'spend')).toBe('why.earned.spend');
  expect(whyKey({ kind: 'stars', text: '' }, 'spend')).toBeUndefined();
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
  expect(text).toContain('budgetMax >= 5000');
  expect(searchFilter({ ...search, category: "x' || status = 'draft" })).not.toContain("'x' ||");
});

const member = (id: string, chat: string, user: string, lastReadSeq: number, lastSeq: number, at: string) =>
  ({ id, chat, user, lastReadSeq, ownAfter: 0, expand: { chat: { id: chat, lastSeq, lastMessageAt: at } } }) as Member;

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

import { expect, test } from 'vitest';
import { isSettling } from '../../data/projects';
import type { Contract, Dispute, Milestone, MilestoneStatus, Payment, PaymentStatus } from '../../types';
import { heldOf, nextPlanned, nextStep, paymentFor } from './next-step';

const contract = { id: 'c', status: 'active' } as Contract;
const milestone = (status: MilestoneStatus, position = 1, more: Partial<Milestone> = {}) => ({ id: `m${position}`, position, status, amount: 1000, dueAt: '', payment: '', title: `Part ${position}`, ...more }) as Milestone;
const payment = (status: PaymentStatus, more: Partial<Payment> = {}) => ({ id: `p-${status}`, milestone: 'm1', status, amount: 1000, released: 0, refunded: 0, ...more }) as Payment;

test.each<[MilestoneStatus, string, string]>([
  ['planned', 'fund', 'client'], ['funded', 'deliver', 'freelancer'], ['submitted', 'decide', 'client'], ['changes_requested', 'rework', 'freelancer'], ['approved', 'releasing', 'server'],
])('a milestone that is %s: next is %s, by the %s', (status, step, actor) => {
  expect(nextStep(contract, [milestone(status)], [])).toMatchObject({ step, actor });
});

test('while the payment is being decided or on its way, nobody has to act', () => {
  expect(nextStep(contract, [milestone('planned')], [payment('pending')])).toMatchObject({ step: 'funding', actor: 'server' });
  expect(nextStep(contract, [milestone('planned')], [payment('held')])).toMatchObject({ step: 'funding', actor: 'server' });
  expect(nextStep(contract, [milestone('planned')], [payment('failed')])).toMatchObject({ step: 'fund', actor: 'client' });
});

test('a payment that waits on the provider\'s page waits for its client', () => {
  expect(nextStep(contract, [milestone('planned')], [payment('pending')], [], 'p-pending')).toMatchObject({ step: 'confirm', actor: 'client' });
  expect(nextStep(contract, [milestone('planned')], [payment('pending')], [], 'p-another')).toMatchObject({ step: 'funding', actor: 'server' });
});

test('what waits for a decision comes before what is being worked on', () => {
  expect(nextStep(contract, [milestone('funded', 1), milestone('submitted', 2)], []).milestone?.id).toBe('m2');
  expect(nextStep(contract, [milestone('released', 1), milestone('planned', 3), milestone('planned', 2)], []).milestone?.id).toBe('m2');
});

test('closed contracts, and those without open milestones', () => {
  expect(nextStep({ ...contract, status: 'completed' }, [milestone('released')], [])).toEqual({ step: 'completed', actor: 'nobody' });
  expect(nextStep({ ...contract, status: 'ended' }, [milestone('planned')], [])).toEqual({ step: 'ended', actor: 'nobody' });
  expect(nextStep(contract, [milestone('cancelled')], [])).toEqual({ step: 'plan', actor: 'client' });
});

test('held is what is neither released nor given back', () => {
  expect(heldOf(payment('held', { released: 300, refunded: 200 }))).toBe(500);
  expect(heldOf(payment('released', { released: 1000 }))).toBe(0);
  expect(heldOf(undefined)).toBe(0);
});

test('of several payments the milestone’s own counts, then a live one, then the latest', () => {
  const tries = [payment('failed'), payment('held')];
  expect(paymentFor(milestone('funded', 1, { payment: 'p-held' }), tries)?.id).toBe('p-held');
  expect(paymentFor(milestone('planned'), tries)?.id).toBe('p-held');
  expect(paymentFor(milestone('planned'), [payment('failed')])?.id).toBe('p-failed');
});

test('the room looks again soon while payments and projects do not agree yet', () => {
  expect(isSettling([milestone('planned')], [payment('held')])).toBe(true);
  expect(isSettling([milestone('approved')], [payment('held')])).toBe(true);
  expect(isSettling([milestone('funded')], [payment('released')])).toBe(true);
  expect(isSettling([milestone('funded')], [payment('held')])).toBe(false);
  expect(isSettling([milestone('planned')], [payment('failed')])).toBe(false);
  expect(isSettling([milestone('released')], [payment('released')])).toBe(false);
  expect(isSettling(undefined, [])).toBe(false);
});

test('a dispute comes first, and says who has to answer', () => {
  const dispute = (status: Dispute['status'], openedBy = 'client') => ({ id: 'd', status, openedBy, client: 'client', freelancer: 'freelancer', milestone: 'm1' }) as Dispute;
  expect(nextStep(contract, [milestone('submitted')], [], [dispute('open')])).toMatchObject({ step: 'dispute', actor: 'freelancer', subject: 'd' });
  expect(nextStep(contract, [milestone('submitted')], [], [dispute('open', 'freelancer')])).toMatchObject({ actor: 'client' });
  expect(nextStep(contract, [milestone('submitted')], [], [dispute('negotiating')])).toMatchObject({ step: 'talks', actor: 'both' });
  expect(nextStep(contract, [milestone('submitted')], [], [dispute('in_review')])).toMatchObject({ step: 'review', actor: 'moderator' });
  expect(nextStep(contract, [milestone('submitted')], [], [dispute('closed')])).toMatchObject({ step: 'decide', subject: 'm1' });
});

test('a refund that is asked for waits for the freelancer', () => {
  expect(nextStep(contract, [milestone('funded')], [payment('held', { refundAsked: 300, refundReason: 'Less work' })])).toMatchObject({ step: 'refundAsked', actor: 'freelancer' });
});

test('what a dispute locks and what rolled on cannot be moved', () => {
  expect(heldOf(payment('disputed', { disputed: 400 }))).toBe(600);
  expect(heldOf(payment('held', { rolled: 100, released: 200 }))).toBe(700);
});

test('the rest can fund the next planned milestone only, and never a bonus', () => {
  const all = [milestone('submitted', 1), milestone('planned', 2, { kind: 'bonus' }), milestone('planned', 4), milestone('planned', 3)];
  expect(nextPlanned(milestone('submitted', 1), all)?.id).toBe('m3');
  expect(nextPlanned(milestone('submitted', 4), all)).toBeUndefined();
});

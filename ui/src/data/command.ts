// Doing something: one intention, one Idempotency-Key, and fresh data afterwards.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { command, payments, type Domain } from '../api';
import { failureOf } from '../lib/errors';
import { Intent } from '../lib/idempotency';
import type { Milestone, Payment } from '../types';
import { keys } from './keys';

const touched = [keys.projects, keys.proposals, keys.contracts, keys.milestones, keys.timeline, keys.payments, keys.deadlines, keys.disputes, keys.payouts, keys.earnings, keys.chats];

/** What changes in one domain reaches the others by event: look now, and again shortly after. */
export function useFresh(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    const again = () => Promise.all(touched.map((queryKey) => queries.invalidateQueries({ queryKey })));
    setTimeout(() => void again(), 1200);
    await again();
  };
}

export interface CommandCall {
  domain: Domain;
  /** <collection>/{id}/<verb> */
  path: string;
  body?: object;
}

/** A command button's mutation. Pressing again after a lost connection repeats the same command, never a second one. */
export function useCommand<T>(options: { onDone?: (answer: T) => void } = {}) {
  const intent = useRef<Intent>(null);
  intent.current ??= new Intent();
  const fresh = useFresh();
  return useMutation<T, unknown, CommandCall>({
    mutationFn: ({ domain, path, body = {} }) => command<T>(domain, path, body, intent.current?.keyFor(path, body) ?? ''),
    onSettled: (_, error) => intent.current?.settle(error ?? undefined),
    onSuccess: async (answer) => {
      await fresh();
      options.onDone?.(answer);
    },
  });
}

/** Pays for a milestone; a provider that wants it confirmed gets the person, who comes back. */
export function useFund(options: { onDone?: (payment: Payment) => void } = {}) {
  const intent = useRef<Intent>(null);
  intent.current ??= new Intent();
  const fresh = useFresh();
  return useMutation<Payment, unknown, { milestone: Milestone; source?: string | undefined }>({
    mutationFn: ({ milestone, source }) => {
      const body = { project: milestone.project, milestone: milestone.id, amount: milestone.amount, currency: milestone.currency, ...(source ? { source } : {}) };
      return payments.payments.create(body, { headers: { 'Idempotency-Key': intent.current?.keyFor('payments', body) ?? '' } });
    },
    onSettled: async (_, error) => {
      intent.current?.settle(error ?? undefined);
      if (!error) return;
      const { code, data } = failureOf(error);
      // The provider has the card, not we: it is confirmed there, and leads back to the payment.
      if (code === 'confirmation_required' && typeof data.confirmUrl === 'string') window.location.assign(data.confirmUrl);
      else await fresh(); // a declined payment is on record too
    },
    onSuccess: async (payment) => {
      await fresh();
      options.onDone?.(payment);
    },
  });
}

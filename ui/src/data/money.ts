// Getting one's money: balance, payouts, where they go; the statement.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { filter, payments } from '../api';
import { Intent } from '../lib/idempotency';
import type { Payout, PayoutBalance, PayoutDestination, Perspective, Statement } from '../types';
import { keys } from './keys';

export function usePayoutBalances() {
  return useQuery({
    queryKey: [...keys.payouts, 'balance'],
    queryFn: async () => (await payments.client.send<{ balances: PayoutBalance[] }>('/api/payouts/balance', {})).balances,
  });
}

export function usePayouts() {
  return useInfiniteQuery({
    queryKey: [...keys.payouts, 'list'],
    queryFn: ({ pageParam }) => payments.payouts.getList(pageParam, 20, { sort: '-created' }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
    // The bank answers by and by, and nobody tells this page: look again while something is under way.
    refetchInterval: (query) => (query.state.data?.pages[0]?.items.some((one) => one.status === 'requested' || one.status === 'sent') ? 5000 : false),
  });
}

/** Where money goes now, and from when on; null if nowhere. */
export function useDestination() {
  return useQuery({
    queryKey: [...keys.payouts, 'destination'],
    queryFn: async () => {
      const [destination] = (await payments.destinations.getList(1, 1, { filter: "status = 'active' || status = 'cooling'", sort: '-created', skipTotal: true })).items;
      if (!destination) return null;
      const [clock] = destination.status === 'cooling'
        ? (await payments.deadlines.getList(1, 1, { filter: filter("subject = {:id} && (status = 'armed' || status = 'reminded')", { id: destination.id }), skipTotal: true })).items : [];
      return { ...destination, usableAt: clock?.dueAt ?? '' };
    },
  });
}

/** Creates through a collection's own route, under the key of one intention. */
function useCreation<T, Body extends object>(name: string, create: (body: Body, headers: Record<string, string>) => Promise<T>, onDone: () => void) {
  const intent = useRef<Intent>(null);
  intent.current ??= new Intent();
  const queries = useQueryClient();
  return useMutation<T, unknown, Body>({
    mutationFn: (body) => create(body, { 'Idempotency-Key': intent.current?.keyFor(name, body) ?? '' }),
    onSettled: (_, error) => intent.current?.settle(error ?? undefined),
    onSuccess: async () => {
      await Promise.all([keys.payouts, keys.earnings].map((queryKey) => queries.invalidateQueries({ queryKey })));
      onDone();
    },
  });
}

export const useRequestPayout = (onDone: () => void) =>
  useCreation<Payout, { amount: number; currency: string }>('payouts', (body, headers) => payments.payouts.create(body, { headers }), onDone);

export const useNewDestination = (onDone: () => void) =>
  useCreation<PayoutDestination, { label: string; reference: string }>('destinations', (body, headers) => payments.destinations.create(body, { headers }), onDone);

export interface StatementSearch {
  view: Perspective;
  from: string;
  to: string;
  currency: string;
}

export function useStatement(search: StatementSearch) {
  return useQuery({
    queryKey: [...keys.payments, 'statement', search],
    queryFn: () => payments.client.send<Statement>('/api/statement', { query: search }),
  });
}

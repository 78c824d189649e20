// Money: payments, earnings, forecast, and the timeline of a project.
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { filter, payments, projects } from '../api';
import { keys } from './keys';
import type { Change, EarningsForecast, EarningsSummary, ForecastHistory, MonthlySeries, Payment, Perspective, WhatIfAnswer } from '../types';

export function usePayments(project: string, settling: boolean) {
  return useQuery({
    queryKey: [...keys.payments, 'project', project],
    queryFn: () => payments.payments.getFullList({ filter: filter('project = {:project}', { project }), sort: '-created' }),
    enabled: project !== '',
    refetchInterval: settling ? 1000 : false,
  });
}

export function usePayment(id: string) {
  return useQuery({ queryKey: [...keys.payments, id], queryFn: () => payments.payments.getOne(id) });
}

/** What a payment is for and whom it goes to, from the milestone: payments learns it when the money is held. */
export function usePaidMilestone(payment: Payment) {
  return useQuery({
    queryKey: [...keys.milestones, payment.milestone, 'paid'],
    queryFn: () => projects.milestones.getOne(payment.milestone, { expand: 'client,freelancer' }),
    enabled: !payment.title && payment.milestone !== '',
  });
}

/** Who moves the money: the sandbox, until the operator configures a provider. */
export function useProvider() {
  return useQuery({
    queryKey: [...keys.payments, 'provider'],
    queryFn: async () => (await payments.client.send<{ provider: string }>('/api/payments/provider', {})).provider,
    staleTime: Infinity,
  });
}

/** Where a payment of mine waits to be confirmed; empty when it does not. Without a payment nothing is asked. */
export function useConfirmation(payment: string) {
  return useQuery({
    enabled: payment !== '',
    queryKey: [...keys.payments, payment, 'confirmation'],
    queryFn: async () => (await payments.client.send<{ confirmUrl: string }>(`/api/payments/${payment}/confirmation`, {})).confirmUrl,
  });
}

/** My payments from one side, newest first; at most 500. */
export function useMyPayments(me: string, view: Perspective) {
  return useQuery({
    queryKey: [...keys.payments, 'mine', me, view],
    queryFn: async () => (await payments.payments.getList(1, 500, {
      filter: filter(view === 'income' ? 'freelancer = {:me}' : 'client = {:me}', { me }), sort: '-created', skipTotal: true,
    })).items,
  });
}

/** What happened on a project and to its money, oldest first. */
export function useTimeline(project: string) {
  return useQuery({
    queryKey: [...keys.timeline, project],
    queryFn: async () => {
      const options = { filter: filter('project = {:project}', { project }), sort: 'created' };
      const both = await Promise.all([projects.timeline.getFullList(options), payments.timeline.getFullList(options)]);
      return both.flat().sort((a, b) => a.created.localeCompare(b.created));
    },
    enabled: project !== '',
  });
}

export function useEarnings(view: Perspective) {
  return useQuery({
    queryKey: [...keys.earnings, 'summary', view],
    queryFn: () => payments.client.send<EarningsSummary>('/api/earnings/summary', { query: { view } }),
  });
}

export function useMonthly(view: Perspective) {
  return useQuery({
    queryKey: [...keys.earnings, 'monthly', view],
    queryFn: async () => (await payments.client.send<{ series: MonthlySeries[] }>('/api/earnings/monthly', { query: { view } })).series,
  });
}

/** The forecast in a currency, or for "" in one's main one. */
export function useForecast(view: Perspective, currency: string, horizon: number, enabled: boolean) {
  return useQuery({
    queryKey: [...keys.earnings, 'forecast', view, currency, horizon],
    queryFn: () => payments.client.send<EarningsForecast>('/api/earnings/forecast', { query: { view, currency, horizon } }),
    enabled,
    placeholderData: keepPreviousData,
  });
}

/** Past forecasts, and how they came true. */
export function useForecastHistory(view: Perspective, currency: string) {
  return useQuery({
    queryKey: [...keys.earnings, 'forecasts', view, currency],
    queryFn: () => payments.client.send<ForecastHistory>('/api/earnings/forecasts', { query: { view, currency } }),
    enabled: currency !== '',
  });
}

/** Asks what would change; nothing is stored, so it needs no Idempotency-Key. */
export function useWhatIf(view: Perspective, currency: string, horizon: number) {
  return useMutation<WhatIfAnswer, unknown, Change[]>({
    mutationFn: (changes) => payments.client.send<WhatIfAnswer>('/api/earnings/what-if', { method: 'POST', body: { view, currency, horizon, changes } }),
  });
}

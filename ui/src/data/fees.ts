// What a price means for both sides, before it is signed.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { projects } from '../api';
import type { FeePreview } from '../types';
import { keys } from './keys';

/** A price, or a proposal one is a party to. */
export type FeeQuestion = { proposal: string } | { amount: number; currency: string; category?: string };

export function useFeePreview(of: FeeQuestion) {
  return useQuery({
    queryKey: [...keys.fees, of],
    queryFn: () => projects.client.send<FeePreview>('/api/fees/preview', { query: of }),
    enabled: 'proposal' in of || of.amount > 0,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
}

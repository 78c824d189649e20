// Reviews: double-blind, so what is written is empty here until it is published.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { filter, projects } from '../api';
import { Intent } from '../lib/idempotency';
import type { Review } from '../types';
import { useFresh } from './command';
import { keys } from './keys';

const reviews = projects.client.collection<Review>('reviews');

export const reviewsKey = [...keys.contracts, 'reviews'];

/** The two reviews of a contract that is over. */
export function useContractReviews(contract: string) {
  return useQuery({ queryKey: [...reviewsKey, contract], queryFn: () => reviews.getFullList({ filter: filter('contract = {:contract}', { contract }), sort: 'created' }) });
}

/** What was published about a person, newest first. */
export function useReviewsAbout(subject: string) {
  return useQuery({
    queryKey: [...reviewsKey, 'about', subject],
    queryFn: () => reviews.getList(1, 50, { filter: filter('subject = {:subject} && publishedAt != ""', { subject }), sort: '-publishedAt', expand: 'author' }),
  });
}

export interface OwnWords {
  rating: number;
  body: string;
  categories: Record<string, number> | null;
}

/** What I wrote myself, also while it is sealed. */
export function useOwnWords(review: Review | undefined) {
  return useQuery({
    queryKey: [...reviewsKey, 'own', review?.id],
    queryFn: () => projects.client.send<OwnWords>(`/api/reviews/${review?.id}/own`, { method: 'GET' }),
    enabled: review?.status === 'sealed',
  });
}

/** Until when a review can be written. */
export function useReviewDeadline(review: Review | undefined) {
  return useQuery({
    queryKey: [...reviewsKey, 'deadline', review?.id],
    queryFn: async () => (await projects.client.collection<{ id: string; dueAt: string }>('deadlines').getList(1, 1, {
      filter: filter('subject = {:id} && kind = "review-window" && (status = "armed" || status = "reminded")', { id: review?.id }), skipTotal: true,
    })).items[0]?.dueAt ?? '',
    enabled: review?.status === 'open' || review?.status === 'sealed',
  });
}

export interface ReviewText {
  contract: string;
  rating: number;
  body: string;
  categories: Record<string, number>;
}

export function useWriteReview(onDone: () => void) {
  const intent = useRef<Intent>(null);
  intent.current ??= new Intent();
  const fresh = useFresh();
  return useMutation({
    mutationFn: (text: ReviewText) => reviews.create({ ...text }, { headers: { 'Idempotency-Key': intent.current?.keyFor('reviews', text) ?? '' } }),
    onSettled: (_, error) => intent.current?.settle(error ?? undefined),
    onSuccess: async () => {
      await fresh();
      onDone();
    },
  });
}

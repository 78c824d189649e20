// People as others see them, and one's own sessions.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { filter, users } from '../api';
import { keys } from './keys';
import type { Person } from '../types';

/** What a person searches freelancers by; all of it is in the address. */
export interface PeopleSearch {
  q: string;
  country: string;
  /** Rated at least so many stars; 0 for any, also without a rating. */
  stars: number;
  currency: string;
  /** Highest hourly rate, in minor units of currency; 0 for any. */
  rate: number;
  sort: PeopleSort;
}

export const peopleSorts = ['newest', 'rating', 'experience', 'rate'] as const;
export type PeopleSort = (typeof peopleSorts)[number];

const sortFields: Record<PeopleSort, string> = {
  newest: '-created,-id', rating: '-rating,-reviewCount,-id', experience: '-completedContracts,-rating,-id', rate: 'hourlyRate,-rating,-id',
};

/** The filter of a search. Words are all demanded. */
export function peopleFilter(search: PeopleSearch): string {
  const parts = ['roles ~ "freelancer"'];
  for (const word of search.q.split(/\s+/).filter(Boolean).slice(0, 8)) {
    parts.push(filter('(name ~ {:word} || headline ~ {:word} || skills ~ {:word} || bio ~ {:word})', { word }));
  }
  if (search.country) parts.push(filter('country = {:country}', { country: search.country }));
  if (search.stars > 0) parts.push(filter('rating >= {:rating}', { rating: search.stars * 100 }));
  if (search.currency) parts.push(filter('currency = {:currency}', { currency: search.currency }));
  if (search.currency && search.rate > 0) parts.push(filter('hourlyRate <= {:rate}', { rate: search.rate }));
  if (search.sort === 'rate' || (search.currency && search.rate > 0)) parts.push('hourlyRate > 0');
  return parts.join(' && ');
}

export function useFreelancers(search: PeopleSearch) {
  return useInfiniteQuery({
    queryKey: [...keys.people, 'search', search],
    queryFn: ({ pageParam }) => users.users.getList(pageParam, 24, { filter: peopleFilter(search), sort: sortFields[search.sort] }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
}

export function usePerson(id: string, enabled = true) {
  return useQuery({ queryKey: [...keys.people, id], queryFn: () => users.users.getOne(id), staleTime: 60_000, enabled: enabled && id !== '' });
}

/** Several people by id, for names in tables. */
export function usePeople(ids: readonly string[]) {
  const wanted = [...new Set(ids)].filter(Boolean).sort().slice(0, 60);
  return useQuery({
    queryKey: [...keys.people, 'some', wanted],
    queryFn: async () => {
      const { items } = await users.users.getList(1, 60, { filter: wanted.map((id) => filter('id = {:id}', { id })).join(' || '), skipTotal: true });
      return new Map<string, Person>(items.map((person) => [person.id, person]));
    },
    enabled: wanted.length > 0,
    staleTime: 60_000,
  });
}

export function useSessions() {
  return useQuery({
    queryKey: keys.sessions,
    queryFn: () => users.sessions.getFullList({ filter: 'revokedAt = "" && expiresAt > @now', sort: '-rotatedAt,-created' }),
  });
}

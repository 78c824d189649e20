// People as others see them, and one's own sessions.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { filter, users } from '../api';
import { keys } from './keys';
import type { Person } from '../types';

export interface PeopleSearch {
  q: string;
  country: string;
}

export function useFreelancers(search: PeopleSearch) {
  const parts = ['roles ~ "freelancer"'];
  for (const word of search.q.split(/\s+/).filter(Boolean).slice(0, 8)) {
    parts.push(filter('(name ~ {:word} || headline ~ {:word} || skills ~ {:word} || bio ~ {:word})', { word }));
  }
  if (search.country) parts.push(filter('country = {:country}', { country: search.country }));
  return useInfiniteQuery({
    queryKey: [...keys.people, 'search', search],
    queryFn: ({ pageParam }) => users.users.getList(pageParam, 24, { filter: parts.join(' && '), sort: '-created' }),
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

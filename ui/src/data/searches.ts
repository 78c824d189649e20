// Searches a freelancer saved, and hears of new projects for.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { projects } from '../api';
import { keys } from './keys';
import type { ProjectSearch } from './projects';
import type { SavedSearch } from '../types';

/** The server keeps this many for one person (services.MaxSearches). */
export const maxSearches = 20;

/** What of a search is saved; its order is not. */
export function toSaved(search: ProjectSearch) {
  const min = search.currency ? search.min : 0;
  return { words: search.q, without: search.without, category: search.category, currency: search.currency, min };
}

/** The address of the browse page with this search. */
export function addressOf(saved: SavedSearch): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries({ q: saved.words, without: saved.without, category: saved.category, currency: saved.currency, min: saved.min || '' })) {
    if (value) params.set(name, String(value));
  }
  return `/projects${params.size > 0 ? `?${params}` : ''}`;
}

/** The saved one that asks for the same. */
export function savedAs(search: ProjectSearch, all: readonly SavedSearch[] | undefined): SavedSearch | undefined {
  const wanted = toSaved(search);
  return all?.find((one) => (Object.keys(wanted) as (keyof typeof wanted)[]).every((field) => one[field] === wanted[field]));
}

export function useSearches(enabled = true) {
  return useQuery({ queryKey: keys.searches, queryFn: () => projects.searches.getFullList({ sort: '-created' }), enabled, staleTime: 60_000 });
}

/** Changes the list: saves one, changes one, deletes one. */
export function useChangeSearches(onDone?: () => void) {
  const queries = useQueryClient();
  return useMutation<unknown, unknown, { id?: string; values: Partial<SavedSearch> | null }>({
    mutationFn: ({ id, values }) => (values === null ? projects.searches.delete(id ?? '') : id ? projects.searches.update(id, values) : projects.searches.create(values)),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keys.searches });
      onDone?.();
    },
  });
}

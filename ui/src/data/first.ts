// The list that came inside the page, so that nothing has to be asked for it
// (services/first.go).
import type { InfiniteData } from '@tanstack/react-query';
import type { ListResult } from 'pocketbase';
import { session } from '../api';
import type { Project } from '../types';

/** How long it counts as what the server would say. */
const freshMs = 60_000;

const loadedAt = Date.now();

function read(): ListResult<Project> | undefined {
  const text = typeof document === 'undefined' ? undefined : document.getElementById('first-list')?.textContent;
  return text ? (JSON.parse(text) as ListResult<Project>) : undefined;
}

const came = read();

/** What a query for open projects begins with: that list, if it is the one wanted. */
export function firstList(wanted: boolean): { initialData?: InfiniteData<ListResult<Project>, number>; initialDataUpdatedAt?: number } {
  if (!wanted || !came || Date.now() - loadedAt > freshMs) return {};
  // Guests see what everybody sees; for a member it is only the beginning.
  return { initialData: { pages: [came], pageParams: [1] }, initialDataUpdatedAt: session.token ? 0 : loadedAt };
}

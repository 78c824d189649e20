// Projects, proposals, contracts, milestones: what the screens ask for.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ListResult } from 'pocketbase';
import { filter, projects } from '../api';
import { firstList } from './first';
import { keys } from './keys';
import type { Milestone, Payment, Project } from '../types';

/** What a person searches open projects by; all of it is in the address. */
export interface ProjectSearch {
  q: string;
  without: string;
  category: string;
  currency: string;
  /** Lowest budget, in minor units of currency. */
  min: number;
  sort: ProjectSort;
}

export const projectSorts = ['newest', 'budget', 'fewest', 'deadline'] as const;
export type ProjectSort = (typeof projectSorts)[number];

const sortFields: Record<ProjectSort, string> = {
  newest: '-publishedAt,-id', budget: '-budgetMax,-publishedAt', fewest: 'proposalCount,-publishedAt', deadline: 'deadline,-publishedAt',
};

/** Whether a search has words, which the server's full-text index finds (20 a page). */
function hasWords(search: ProjectSearch): boolean {
  return /[\p{L}\p{N}]/u.test(search.q + search.without);
}

/** The filter of a search without words. */
export function searchFilter(search: ProjectSearch): string {
  const parts = ['status = "open"'];
  if (search.category) parts.push(filter('category = {:category}', search as unknown as Record<string, unknown>));
  if (search.currency) parts.push(filter('currency = {:currency}', search as unknown as Record<string, unknown>));
  if (search.currency && search.min > 0) parts.push(filter('budgetMax >= {:min}', { min: search.min }));
  if (search.sort === 'deadline') parts.push('deadline != ""');
  return parts.join(' && ');
}

/** Whether a search is for all open projects, newest first. */
function isEverything({ q, without, category, currency, sort }: ProjectSearch): boolean {
  return !q && !without && !category && !currency && sort === 'newest';
}

export function useProjectSearch(search: ProjectSearch) {
  return useInfiniteQuery({
    queryKey: [...keys.projects, 'search', search],
    queryFn: ({ pageParam }) => (hasWords(search)
      ? projects.client.send<ListResult<Project>>('/api/search/projects', { method: 'GET', query: { ...search, min: search.min || undefined, page: pageParam } })
      : projects.projects.getList(pageParam, 20, { filter: searchFilter(search), sort: sortFields[search.sort], expand: 'client' })),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
    placeholderData: keepPreviousData,
    ...firstList(isEverything(search)),
  });
}

export function useProject(id: string) {
  return useQuery({ queryKey: [...keys.projects, id], queryFn: () => projects.projects.getOne(id, { expand: 'client,freelancer' }), enabled: id !== '' });
}

/** Everything I posted, newest first. */
export function useMyProjects(me: string) {
  return useQuery({
    queryKey: [...keys.projects, 'mine', me],
    queryFn: () => projects.projects.getFullList({ filter: filter('client = {:me}', { me }), sort: '-created', expand: 'freelancer' }),
    enabled: me !== '',
  });
}

/** The proposals on a project that I may see: all on my own, mine on others'. */
export function useProposals(project: string, enabled = true) {
  return useQuery({
    queryKey: [...keys.proposals, 'project', project],
    queryFn: () => projects.proposals.getFullList({ filter: filter('project = {:project}', { project }), sort: 'created', expand: 'freelancer' }),
    enabled,
  });
}

export function useMyProposals(me: string) {
  return useQuery({
    queryKey: [...keys.proposals, 'mine', me],
    queryFn: () => projects.proposals.getFullList({ filter: filter('freelancer = {:me}', { me }), sort: '-created', expand: 'client' }),
    enabled: me !== '',
  });
}

export function useProposal(id: string) {
  return useQuery({ queryKey: [...keys.proposals, id], queryFn: () => projects.proposals.getOne(id, { expand: 'client,freelancer' }) });
}

/** All proposals in which I am a party. */
export function useAllProposals() {
  return useQuery({ queryKey: [...keys.proposals, 'all'], queryFn: () => projects.proposals.getFullList({ sort: '-created' }) });
}

export function useContracts(enabled = true) {
  return useQuery({
    queryKey: [...keys.contracts, 'mine'],
    queryFn: () => projects.contracts.getFullList({ sort: '-created', expand: 'client,freelancer' }),
    enabled,
  });
}

export function useContract(id: string) {
  return useQuery({ queryKey: [...keys.contracts, id], queryFn: () => projects.contracts.getOne(id, { expand: 'client,freelancer' }) });
}

/** The contract of a project I am party to, if it has one. */
export function useContractOf(project: string, enabled: boolean) {
  return useQuery({
    queryKey: [...keys.contracts, 'project', project],
    queryFn: async () => (await projects.contracts.getList(1, 1, { filter: filter('project = {:project}', { project }) })).items[0] ?? null,
    enabled,
  });
}

export function useAllMilestones() {
  return useQuery({ queryKey: [...keys.milestones, 'all'], queryFn: () => projects.milestones.getFullList({ sort: 'position' }) });
}

/** Payments and projects agree a moment after each other, by event. While they do not yet, look again soon. */
export function isSettling(milestones: readonly Milestone[] | undefined, payments: readonly Payment[] | undefined): boolean {
  if (!milestones || !payments) return false;
  return milestones.some((milestone) => {
    const payment = payments.find((one) => one.milestone === milestone.id && one.status !== 'failed' && one.status !== 'pending');
    if (milestone.status === 'planned') return payment?.status === 'held' || payment?.status === 'disputed';
    if (milestone.status === 'released' || milestone.status === 'cancelled') return payment?.status === 'held';
    return milestone.status === 'approved' || (payment !== undefined && payment.status !== 'held' && payment.status !== 'disputed');
  });
}

export function useMilestones(contract: string, settling: boolean) {
  return useQuery({
    queryKey: [...keys.milestones, contract],
    queryFn: () => projects.milestones.getFullList({ filter: filter('contract = {:contract}', { contract }), sort: 'position' }),
    refetchInterval: settling ? 1000 : false,
  });
}

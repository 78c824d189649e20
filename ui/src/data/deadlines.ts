// What happens by itself, from both instances that keep deadlines.
import { useQuery } from '@tanstack/react-query';
import { filter, payments, projects } from '../api';
import type { Deadline } from '../types';
import { keys } from './keys';

/** The deadlines of a project that run or stand still, the next to end first. */
export function useDeadlines(project: string) {
  return useQuery({
    queryKey: [...keys.deadlines, project],
    queryFn: async () => {
      const options = { filter: filter("project = {:project} && (status = 'armed' || status = 'reminded' || status = 'paused')", { project }), sort: 'dueAt' };
      const both = await Promise.all([projects.deadlines.getFullList(options), payments.deadlines.getFullList(options)]);
      const still = (one: Deadline) => Number(one.status === 'paused');
      return both.flat().sort((a, b) => still(a) - still(b) || a.dueAt.localeCompare(b.dueAt));
    },
    enabled: project !== '',
  });
}

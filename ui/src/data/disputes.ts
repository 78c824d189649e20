// Disputes about what is held, and their evidence.
import { useQuery } from '@tanstack/react-query';
import { filter, payments } from '../api';
import { keys } from './keys';

/** The disputes of a contract, the newest first. */
export function useDisputes(contract: string) {
  return useQuery({
    queryKey: [...keys.disputes, contract],
    queryFn: () => payments.disputes.getFullList({ filter: filter('contract = {:contract}', { contract }), sort: '-created' }),
  });
}

export function useEvidence(dispute: string) {
  return useQuery({
    queryKey: [...keys.disputes, 'evidence', dispute],
    queryFn: () => payments.evidence.getFullList({ filter: filter('dispute = {:dispute}', { dispute }), sort: 'kind' }),
  });
}

// Whether a payment waits for its client to confirm it on the provider's page.
import { useLocation } from 'react-router';
import { useConfirmation } from '../../data/payments';

export interface ToConfirm {
  /** Where to confirm; empty when that is done, or nobody asks for it. */
  address: string;
  /** One has just come back from confirming it: the provider's word is on the way to the server. */
  confirmed: boolean;
}

export function useToConfirm(payment: string): ToConfirm {
  const state: unknown = useLocation().state;
  const confirmed = payment !== '' && (state as { confirmed?: string } | null)?.confirmed === payment;
  const { data: address = '' } = useConfirmation(payment);
  return { address: confirmed ? '' : address, confirmed };
}

// A payment that its client has begun and the provider has not decided: confirm it there, or cancel it.
import { useLocation } from 'react-router';
import { useConfirmation } from '../../data/payments';
import { useI18n } from '../../i18n/i18n';
import type { Payment } from '../../types';
import { Button } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { Notice } from '../../ui/feedback';

export function ConfirmPayment({ payment }: { payment: Payment }) {
  const { t } = useI18n();
  const state: unknown = useLocation().state;
  // Coming from the provider's page, one has done so; its word is on the way to the server.
  const confirmed = (state as { confirmed?: string } | null)?.confirmed === payment.id;
  const waiting = useConfirmation(payment.id).data;
  const address = confirmed ? '' : waiting;
  return (
    <div className="mt-3">
      <Notice tone="warn" icon="lock">
        <p className="mb-3">{t(confirmed ? 'fund.confirmed' : address ? 'fund.waits' : 'cancelPayment.waits')}</p>
        <div className="flex flex-wrap gap-2">
          {address && <Button small icon="lock" onClick={() => window.location.assign(address)}>{t('fund.confirmThere')}</Button>}
          <CommandDialog label={t('cancelPayment.title')} small domain="payments" path={`payments/${payment.id}/cancel`} done={t('cancelPayment.done')}>
            <p className="text-muted">{t('cancelPayment.text')}</p>
          </CommandDialog>
        </div>
      </Notice>
    </div>
  );
}

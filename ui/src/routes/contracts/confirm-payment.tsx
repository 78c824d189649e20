// A payment that its client has begun and the provider has not decided: confirm it there, or cancel it.
import { useI18n } from '../../i18n/i18n';
import type { Payment } from '../../types';
import { Button } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { Notice } from '../../ui/feedback';
import { useToConfirm } from './to-confirm';

export function ConfirmPayment({ payment }: { payment: Payment }) {
  const { t } = useI18n();
  const { address, confirmed } = useToConfirm(payment.id);
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

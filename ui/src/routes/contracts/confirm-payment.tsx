// A payment that its client has begun and not confirmed with the provider yet.
import { useConfirmation } from '../../data/payments';
import { useI18n } from '../../i18n/i18n';
import type { Payment } from '../../types';
import { Button } from '../../ui/button';
import { Notice } from '../../ui/feedback';

export function ConfirmPayment({ payment }: { payment: Payment }) {
  const { t } = useI18n();
  const address = useConfirmation(payment.id).data;
  if (!address) return null;
  return (
    <div className="mt-3">
      <Notice tone="warn" icon="lock">
        <p className="mb-3">{t('fund.waits')}</p>
        <Button small icon="lock" onClick={() => window.location.assign(address)}>{t('fund.confirmThere')}</Button>
      </Notice>
    </div>
  );
}

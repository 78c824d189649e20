// A client's bank took money back, or wants to: what that means for the one who looks.
import { useI18n } from '../../i18n/i18n';
import { formatMoney } from '../../lib/money';
import type { Payment } from '../../types';
import { Notice } from '../../ui/feedback';

export function Chargeback({ payment, side }: { payment: Payment; side: 'client' | 'freelancer' }) {
  const { t, locale } = useI18n();
  if (payment.chargeback === '') return null;
  const locked = payment.chargedBack > 0 ? <p className="text-sm">{t('chargeback.locked', { amount: formatMoney(payment.chargedBack, payment.currency, locale) })}</p> : null;
  return (
    <div className="mt-3">
      <Notice tone={payment.chargeback === 'won' ? 'info' : 'warn'} icon="alert" title={t(`chargeback.${payment.chargeback}`)}>
        <p>{t(`chargeback.${payment.chargeback}.${side}`)}</p>
        {locked}
      </Notice>
    </div>
  );
}

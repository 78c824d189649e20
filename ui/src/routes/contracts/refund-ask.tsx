// The client asks for held money back; only the freelancer gives it.
import { useCommand } from '../../data/command';
import { useI18n } from '../../i18n/i18n';
import type { Payment } from '../../types';
import { Button } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { ErrorNotice, Notice, useToast } from '../../ui/feedback';
import { formatMoney } from '../../lib/money';
import { heldOf } from './next-step';

interface Props {
  payment: Payment;
  side: 'client' | 'freelancer';
}

export function RefundAsked({ payment, side }: Props) {
  const { t, locale } = useI18n();
  const say = useToast();
  const give = useCommand({ onDone: () => say(t('refund.done')) });
  const amount = Math.min(payment.refundAsked, heldOf(payment));
  if (amount <= 0) return null;
  return (
    <div className="mt-3">
      <Notice tone="warn" icon="back" title={t(`refundAsk.${side}`, { amount: formatMoney(amount, payment.currency, locale) })}>
        {payment.refundReason && <p className="prose-text" dir="auto">{payment.refundReason}</p>}
        {side === 'client' ? <p className="text-sm">{t('refundAsk.waiting')}</p> : (
          <div className="mt-3 flex flex-wrap gap-2">
            <Button look="plain" small busy={give.isPending} onClick={() => give.mutate({ domain: 'payments', path: `payments/${payment.id}/refund`, body: { amount } })}>{t('refundAsk.give')}</Button>
            <CommandDialog label={t('refundAsk.decline')} small domain="payments" path={`payments/${payment.id}/decline-refund`} done={t('refundAsk.declined')} text={{ name: 'reason', label: t('form.reason') }}>
              <p className="text-muted">{t('refundAsk.declineText')}</p>
            </CommandDialog>
          </div>
        )}
        <ErrorNotice error={give.error} />
      </Notice>
    </div>
  );
}

import { useState } from 'react';
import { useRequestPayout } from '../../data/money';
import { useI18n } from '../../i18n/i18n';
import type { PayoutBalance } from '../../types';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { useToast } from '../../ui/feedback';
import { MoneyInput } from '../../ui/money-input';
import { Money } from '../../ui/show';

export function PayoutDialog({ balance }: { balance: PayoutBalance }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon="bank" onClick={() => setOpen(true)}>{t('payouts.request')}</Button>
      <Dialog open={open} title={t('payouts.request')} onClose={() => setOpen(false)}><PayoutForm balance={balance} onClose={() => setOpen(false)} /></Dialog>
    </>
  );
}

function PayoutForm({ balance, onClose }: { balance: PayoutBalance; onClose: () => void }) {
  const { t } = useI18n();
  const say = useToast();
  const [amount, setAmount] = useState<number | null>(balance.available);
  const run = useRequestPayout(() => { onClose(); say(t('payouts.requested')); });
  const wrong = !amount ? 'required' : amount > balance.available ? 'too_much_available' : amount < balance.minimum ? 'below_minimum' : undefined;
  return (
    <form noValidate className="space-y-4" onSubmit={(event) => { event.preventDefault(); if (amount && !wrong) run.mutate({ amount, currency: balance.currency }); }}>
      <MoneyInput label={t('milestone.amount')} name="amount" currency={balance.currency} value={amount} onChange={setAmount} required error={wrong}
        hint={<>{t('payouts.available')} <Money amount={balance.available} currency={balance.currency} /> · {t('payouts.minimum')} <Money amount={balance.minimum} currency={balance.currency} /></>} />
      <p className="text-sm text-muted">{t('payouts.requestText')}</p>
      <DialogActions error={run.error} onCancel={onClose} icon="bank" busy={run.isPending}>{t('payouts.request')}</DialogActions>
    </form>
  );
}

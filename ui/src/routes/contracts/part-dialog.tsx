// Moving a part of what is held, or asking for it: releasing (client), giving
// back (freelancer), asking for it back (client).
import { useState } from 'react';
import { useCommand } from '../../data/command';
import { useI18n } from '../../i18n/i18n';
import { defaultFeePlan } from '../../lib/money';
import type { FeePlan, Payment } from '../../types';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { FeeTable } from '../../ui/fee-table';
import { useToast } from '../../ui/feedback';
import { Textarea } from '../../ui/field';
import { MoneyInput } from '../../ui/money-input';
import { Money } from '../../ui/show';
import { Again, tooOld } from '../auth/again';

interface Props {
  verb: 'release' | 'refund' | 'ask-refund';
  payment: Payment;
  /** What can be moved, in minor units. */
  held: number;
  plan: FeePlan | null;
}

export function PartDialog({ verb, payment, held, plan }: Props) {
  const { t } = useI18n();
  const say = useToast();
  const [open, setOpen] = useState(false);
  const [amount, setAmount] = useState<number | null>(null);
  const [reason, setReason] = useState('');
  const run = useCommand<Payment>({ onDone: () => { setOpen(false); setAmount(null); setReason(''); say(t(`${verb}.done`)); } });
  const moved = amount ?? held;
  const tooMuch = moved > held;
  return (
    <>
      <Button look={verb === 'refund' ? 'danger' : 'plain'} small onClick={() => { run.reset(); setOpen(true); }}>{t(`${verb}.title`)}</Button>
      <Dialog open={open && !tooOld(run.error)} title={t(`${verb}.title`)} onClose={() => { if (!tooOld(run.error)) setOpen(false); }}>
        <form className="space-y-4" onSubmit={(event) => {
          event.preventDefault();
          if (tooMuch) return;
          run.mutate({ domain: 'payments', path: `payments/${payment.id}/${verb}`, body: { ...(amount && amount !== held ? { amount } : {}), ...(reason.trim() ? { reason: reason.trim() } : {}) } });
        }}>
          <p>{t(`${verb}.text`)}</p>
          <MoneyInput label={t(`${verb}.amount`)} name="amount" currency={payment.currency} value={amount} onChange={setAmount} optional error={tooMuch ? 'too_much' : undefined}
            hint={<>{t('part.hint')} <Money amount={held} currency={payment.currency} /></>} />
          {verb === 'release' && !tooMuch && <FeeTable amount={moved} before={payment.released} currency={payment.currency} plan={plan ?? defaultFeePlan} side="client" />}
          {!tooMuch && moved < held && <p className="text-sm text-muted">{t('part.rest')} <Money amount={held - moved} currency={payment.currency} /></p>}
          <Textarea label={t('form.reason')} optional={verb !== 'ask-refund'} required={verb === 'ask-refund'} rows={3} maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
          <DialogActions error={run.error} onCancel={() => setOpen(false)} look={verb === 'refund' ? 'danger' : 'primary'} busy={run.isPending}>{t(`${verb}.confirm`)}</DialogActions>
        </form>
      </Dialog>
      <Again run={run} />
    </>
  );
}

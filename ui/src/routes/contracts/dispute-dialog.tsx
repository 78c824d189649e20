// Opening a dispute about a part of what is held: how much, why, and what one wants.
import { useState } from 'react';
import { useCommand } from '../../data/command';
import { useI18n } from '../../i18n/i18n';
import { focusFirstInvalid } from '../../lib/focus';
import type { Dispute, DisputeCategory, Payment } from '../../types';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { Notice, useToast } from '../../ui/feedback';
import { Select, Textarea } from '../../ui/field';
import { MoneyInput } from '../../ui/money-input';
import { Money } from '../../ui/show';
import { Again } from '../auth/again';

const categories: readonly DisputeCategory[] = ['not_delivered', 'not_as_described', 'late', 'unpaid', 'other'];

interface Props {
  payment: Payment;
  held: number;
  side: 'client' | 'freelancer';
}

export function DisputeDialog(props: Props) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="danger" small onClick={() => setOpen(true)}>{t('dispute.start')}</Button>
      <Dialog open={open} title={t('dispute.start')} onClose={() => setOpen(false)}>
        <DisputeForm {...props} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function DisputeForm({ payment, held, side, onClose }: Props & { onClose: () => void }) {
  const { t } = useI18n();
  const say = useToast();
  const [amount, setAmount] = useState<number | null>(held);
  const [category, setCategory] = useState<DisputeCategory>(side === 'client' ? 'not_as_described' : 'unpaid');
  const [wants, setWants] = useState<number | null>(side === 'client' ? 0 : held);
  const [reason, setReason] = useState('');
  const [checked, setChecked] = useState(false);
  const run = useCommand<Dispute>({ onDone: () => { onClose(); say(t('dispute.started')); } });
  const tooMuch = (amount ?? 0) > held;
  const wantsTooMuch = amount !== null && (wants ?? 0) > amount;
  const wrong = !amount || tooMuch || wants === null || wantsTooMuch || !reason.trim();
  return (
    <>
      <form noValidate className="space-y-4" onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (wrong) focusFirstInvalid(event.currentTarget);
        else run.mutate({ domain: 'payments', path: `payments/${payment.id}/dispute`, body: { amount, toFreelancer: wants, category, reason: reason.trim() } });
      }}>
        <Notice tone="plain" icon="info">{t('dispute.startText')}</Notice>
        <Select label={t('dispute.category')} value={category} onChange={(event) => setCategory(event.target.value as DisputeCategory)}>
          {categories.map((one) => <option key={one} value={one}>{t(`dispute.category.${one}`)}</option>)}
        </Select>
        <MoneyInput label={t('dispute.amount')} name="amount" currency={payment.currency} value={amount} onChange={setAmount} required
          error={tooMuch ? 'too_much' : checked && !amount ? 'required' : undefined} hint={<>{t('contract.held')}: <Money amount={held} currency={payment.currency} /></>} />
        <PositionInput label={t('dispute.wants')} currency={payment.currency} value={wants} onChange={setWants} of={amount ?? 0} checked={checked} />
        <Textarea label={t('dispute.reason')} name="reason" required rows={4} maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} hint={t('dispute.reasonHint')}
          error={checked && !reason.trim() ? 'required' : undefined} />
        <DialogActions error={run.error} onCancel={onClose} look="danger" busy={run.isPending}>{t('dispute.start')}</DialogActions>
      </form>
      <Again run={run} />
    </>
  );
}

interface PositionProps {
  label: string;
  currency: string;
  value: number | null;
  onChange: (value: number | null) => void;
  /** The disputed amount. */
  of: number;
  checked: boolean;
}

/** What the freelancer should get of a disputed amount; the rest goes to the client. */
export function PositionInput({ label, currency, value, onChange, of, checked }: PositionProps) {
  const { t } = useI18n();
  const tooMuch = (value ?? 0) > of;
  return (
    <MoneyInput label={label} name="position" currency={currency} value={value} zero onChange={onChange} required error={tooMuch ? 'too_much' : checked && value === null ? 'required' : undefined}
      hint={value !== null && !tooMuch && <>{t('dispute.restToClient')} <Money amount={of - value} currency={currency} /></>} />
  );
}

// A bonus: a milestone on top of what was agreed, paid at once and approved by itself.
import { useState } from 'react';
import { useCommand, useFund } from '../../data/command';
import { useI18n } from '../../i18n/i18n';
import { focusFirstInvalid } from '../../lib/focus';
import { defaultFeePlan } from '../../lib/money';
import type { Contract, Milestone } from '../../types';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { FeeTable } from '../../ui/fee-table';
import { useToast } from '../../ui/feedback';
import { Textarea } from '../../ui/field';
import { MoneyInput } from '../../ui/money-input';
import { Again } from '../auth/again';
import { useWayToPay } from './fund-dialog';

export function BonusDialog({ contract }: { contract: Contract }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="plain" small icon="star" onClick={() => setOpen(true)}>{t('bonus.title')}</Button>
      <Dialog open={open} title={t('bonus.title')} onClose={() => setOpen(false)}>
        <BonusForm contract={contract} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function BonusForm({ contract, onClose }: { contract: Contract; onClose: () => void }) {
  const { t } = useI18n();
  const say = useToast();
  const [amount, setAmount] = useState<number | null>(null);
  const [note, setNote] = useState('');
  const way = useWayToPay();
  const [checked, setChecked] = useState(false);
  const [milestone, setMilestone] = useState<Milestone | null>(null);
  const fund = useFund({ onDone: () => { onClose(); say(t('bonus.done')); } });
  const add = useCommand<Milestone>({ onDone: (added) => { setMilestone(added); fund.mutate({ milestone: added, source: way.source }); } });
  const submit = () => {
    if (milestone) fund.mutate({ milestone, source: way.source }); // it stands on the contract; only the payment is tried again
    else add.mutate({ domain: 'projects', path: `contracts/${contract.id}/bonus`, body: { amount, ...(note.trim() ? { note: note.trim() } : {}) } });
  };
  return (
    <>
      <form noValidate className="space-y-4" onSubmit={(event) => { event.preventDefault(); setChecked(true); if (amount) submit(); else focusFirstInvalid(event.currentTarget); }}>
        <p className="text-muted">{t('bonus.text')}</p>
        <fieldset disabled={milestone !== null} className="space-y-4">
          <MoneyInput label={t('milestone.amount')} name="amount" currency={contract.currency} value={amount} onChange={setAmount} required error={checked && !amount ? 'required' : undefined} />
          <Textarea label={t('milestone.note')} optional rows={2} maxLength={5000} value={note} onChange={(event) => setNote(event.target.value)} />
        </fieldset>
        {amount !== null && amount > 0 && <FeeTable amount={amount} currency={contract.currency} plan={contract.feePlan ?? defaultFeePlan} side="client" />}
        {way.choice}
        <DialogActions error={add.error ?? fund.error} onCancel={onClose} icon="star" busy={add.isPending || fund.isPending} disabled={!way.ready}>{t('bonus.confirm')}</DialogActions>
      </form>
      <Again run={add} />
    </>
  );
}

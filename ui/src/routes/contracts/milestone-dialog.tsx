// Adding a milestone, or changing one that is not paid for yet.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { projects } from '../../api';
import { keys } from '../../data/keys';
import { useI18n } from '../../i18n/i18n';
import { endOfDay } from '../../lib/dates';
import { failureOf } from '../../lib/errors';
import { focusFirstInvalid } from '../../lib/focus';
import type { Contract, Milestone } from '../../types';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { useToast } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { MoneyInput } from '../../ui/money-input';

interface Props {
  contract: Contract;
  /** The milestone to change; a new one is added without it. */
  before?: Milestone;
}

export function MilestoneDialog({ contract, before }: Props) {
  const { t } = useI18n();
  const say = useToast();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [title, setTitle] = useState(before?.title ?? '');
  const [amount, setAmount] = useState<number | null>(before?.amount ?? null);
  const [due, setDue] = useState((before?.dueAt ?? '').slice(0, 10));
  const [checked, setChecked] = useState(false);
  const saving = useMutation({
    mutationFn: () => {
      const values = { title: title.trim(), amount, dueAt: endOfDay(due) };
      return before ? projects.milestones.update(before.id, values) : projects.milestones.create({ contract: contract.id, currency: contract.currency, ...values });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keys.milestones });
      setOpen(false);
      setChecked(false);
      if (!before) { setTitle(''); setAmount(null); setDue(''); }
      say(t('state.saved'));
    },
  });
  const fields = failureOf(saving.error).fields;
  return (
    <>
      <Button look="plain" small icon={before ? 'edit' : 'plus'} onClick={() => { saving.reset(); setOpen(true); }}>{before ? t('action.edit') : t('milestone.add')}</Button>
      <Dialog open={open} title={before ? t('milestone.edit') : t('milestone.add')} onClose={() => setOpen(false)}>
        <form noValidate className="space-y-4" onSubmit={(event) => { event.preventDefault(); setChecked(true); if (title.trim() && amount) saving.mutate(); else focusFirstInvalid(event.currentTarget); }}>
          <Input label={t('edit.field.title')} name="title" dir="auto" maxLength={140} required value={title} onChange={(event) => setTitle(event.target.value)} error={checked && !title.trim() ? 'required' : fields.title} />
          <MoneyInput label={t('milestone.amount')} name="amount" currency={contract.currency} value={amount} onChange={setAmount} error={checked && !amount ? 'required' : fields.amount} />
          <Input label={t('milestone.dueField')} name="dueAt" type="date" optional value={due} onChange={(event) => setDue(event.target.value)} error={fields.dueAt} />
          <DialogActions error={saving.error} onCancel={() => setOpen(false)} busy={saving.isPending}>{t('action.save')}</DialogActions>
        </form>
      </Dialog>
    </>
  );
}

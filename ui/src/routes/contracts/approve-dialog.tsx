// Approving work: wholly, or a part of it with a reason, where the rest stays
// held or moves on to the next milestone.
import { useState } from 'react';
import { useCommand } from '../../data/command';
import { useI18n } from '../../i18n/i18n';
import { focusFirstInvalid } from '../../lib/focus';
import { defaultFeePlan } from '../../lib/money';
import type { Contract, Milestone, Payment } from '../../types';
import { Button, type Look } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { FeeTable } from '../../ui/fee-table';
import { useToast } from '../../ui/feedback';
import { Choice, Textarea } from '../../ui/field';
import { MoneyInput } from '../../ui/money-input';
import { Money } from '../../ui/show';
import { Again } from '../auth/again';
import { heldOf } from './next-step';

interface Props {
  milestone: Milestone;
  contract: Contract;
  payment: Payment | undefined;
  /** The planned milestone the rest could fund, if there is one. */
  next: Milestone | undefined;
  look: Look;
  small: boolean;
}

export function ApproveDialog({ milestone, contract, payment, next, look, small }: Props) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look={look} small={small} onClick={() => setOpen(true)}>{t('milestone.approve')}</Button>
      <Dialog open={open} title={t('milestone.approve')} onClose={() => setOpen(false)}>
        <ApproveForm {...{ milestone, contract, payment, next }} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function ApproveForm({ milestone, contract, payment, next, onClose }: Omit<Props, 'look' | 'small'> & { onClose: () => void }) {
  const { t } = useI18n();
  const say = useToast();
  const [how, setHow] = useState<'whole' | 'part'>('whole');
  const [rest, setRest] = useState<'hold' | 'next'>('hold');
  const [amount, setAmount] = useState<number | null>(null);
  const [words, setWords] = useState('');
  const [checked, setChecked] = useState(false);
  const run = useCommand({ onDone: () => { onClose(); say(t('milestone.approved')); } });
  const left = milestone.amount - milestone.approvedAmount;
  const held = heldOf(payment);
  const part = how === 'part';
  const tooMuch = part && amount !== null && amount >= left;
  const wrong = part && (!amount || tooMuch || !words.trim());
  const paid = part ? amount ?? 0 : Math.min(left, held);
  const send = () => run.mutate({
    domain: 'projects', path: `milestones/${milestone.id}/approve`,
    body: part ? { amount, rest, reason: words.trim() } : words.trim() ? { note: words.trim() } : {},
  });
  return (
    <>
      <form noValidate className="space-y-4" onSubmit={(event) => { event.preventDefault(); setChecked(true); if (wrong) focusFirstInvalid(event.currentTarget); else send(); }}>
        <p>{milestone.status === 'funded' ? t('milestone.approveEarlyText') : t('milestone.approveText')}</p>
        <fieldset>
          <legend className="mb-2 text-sm font-medium">{t('approve.how')}</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            <Choice name="how" value="whole" checked={!part} onChange={() => setHow('whole')} title={t('approve.whole')} text={t('approve.wholeText')} />
            <Choice name="how" value="part" checked={part} onChange={() => setHow('part')} title={t('approve.part')} text={t('approve.partText')} />
          </div>
        </fieldset>
        {part && (
          <>
            <MoneyInput label={t('approve.amount')} name="amount" currency={milestone.currency} value={amount} onChange={setAmount} required
              error={tooMuch ? 'too_much' : checked && !amount ? 'required' : undefined} hint={<>{t('approve.left')} <Money amount={left} currency={milestone.currency} /></>} />
            <fieldset>
              <legend className="mb-2 text-sm font-medium">{t('approve.rest')}</legend>
              <div className="grid gap-2">
                <Choice name="rest" value="hold" checked={rest === 'hold'} onChange={() => setRest('hold')} title={t('approve.restHold')} text={t('approve.restHoldText')} />
                {next && <Choice name="rest" value="next" checked={rest === 'next'} onChange={() => setRest('next')} title={t('approve.restNext', { title: next.title })} text={t('approve.restNextText')} />}
              </div>
            </fieldset>
          </>
        )}
        {payment && paid > 0 && !tooMuch && <FeeTable amount={paid} before={payment.released} currency={milestone.currency} plan={contract.feePlan ?? defaultFeePlan} side="client" />}
        <Textarea label={part ? t('approve.reason') : t('milestone.note')} name="words" optional={!part} required={part} rows={3} maxLength={part ? 1000 : 5000} value={words} onChange={(event) => setWords(event.target.value)}
          error={part && checked && !words.trim() ? 'required' : undefined} />
        <DialogActions error={run.error} onCancel={onClose} busy={run.isPending}>{t('milestone.approve')}</DialogActions>
      </form>
      <Again run={run} />
    </>
  );
}

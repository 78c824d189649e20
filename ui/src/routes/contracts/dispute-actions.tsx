// What a side of a dispute can do now.
import { useState } from 'react';
import { useCommand } from '../../data/command';
import { useI18n } from '../../i18n/i18n';
import { formatMoney } from '../../lib/money';
import type { Dispute } from '../../types';
import { Button } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { useToast } from '../../ui/feedback';
import { Textarea } from '../../ui/field';
import { Again, tooOld } from '../auth/again';
import { PositionInput } from './dispute-dialog';

interface Props {
  dispute: Dispute;
  side: 'client' | 'freelancer';
  me: string;
}

export function DisputeActions({ dispute, side, me }: Props) {
  const { t, locale } = useI18n();
  const opener = dispute.openedBy === me;
  const theirs = side === 'client' ? dispute.freelancerPosition : dispute.clientPosition;
  const theySpoke = !(dispute.status === 'open' && opener);
  const talks = dispute.status === 'answered' || dispute.status === 'negotiating';
  const path = `disputes/${dispute.id}`;
  return (
    <div className="mt-4 flex flex-wrap gap-2">
      {dispute.status === 'open' && !opener && <PositionDialog verb="answer" dispute={dispute} side={side} />}
      {talks && <PositionDialog verb="offer" dispute={dispute} side={side} />}
      {theySpoke && (
        <CommandDialog label={t('dispute.accept')} small look={talks ? 'plain' : 'plain'} domain="payments" path={`${path}/accept`} body={{ toFreelancer: theirs }} done={t('dispute.agreed')}>
          <p>{t('dispute.acceptText', { freelancer: formatMoney(theirs, dispute.currency, locale), client: formatMoney(dispute.amount - theirs, dispute.currency, locale) })}</p>
        </CommandDialog>
      )}
      {talks && (
        <CommandDialog label={t('dispute.escalate')} small domain="payments" path={`${path}/escalate`} done={t('dispute.escalated')} text={{ name: 'reason', label: t('form.reason') }}>
          <p className="text-muted">{t('dispute.escalateText')}</p>
        </CommandDialog>
      )}
      {opener && (
        <CommandDialog label={t('dispute.withdraw')} small domain="payments" path={`${path}/withdraw`} done={t('dispute.withdrawn')} text={{ name: 'reason', label: t('form.reason') }}>
          <p className="text-muted">{t('dispute.withdrawText')}</p>
        </CommandDialog>
      )}
    </div>
  );
}

function PositionDialog({ verb, dispute, side }: { verb: 'answer' | 'offer'; dispute: Dispute; side: 'client' | 'freelancer' }) {
  const { t } = useI18n();
  const say = useToast();
  const [open, setOpen] = useState(false);
  const own = side === 'client' ? dispute.clientPosition : dispute.freelancerPosition;
  const [wants, setWants] = useState<number | null>(verb === 'offer' ? own : null);
  const [note, setNote] = useState('');
  const [checked, setChecked] = useState(false);
  const run = useCommand({ onDone: () => { setOpen(false); setNote(''); say(t('dispute.positionDone')); } });
  const wrong = wants === null || wants > dispute.amount;
  return (
    <>
      <Button small onClick={() => { run.reset(); setOpen(true); }}>{t(`dispute.${verb}`)}</Button>
      <Dialog open={open && !tooOld(run.error)} title={t(`dispute.${verb}`)} onClose={() => { if (!tooOld(run.error)) setOpen(false); }}>
        <form noValidate className="space-y-4" onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (!wrong) run.mutate({ domain: 'payments', path: `disputes/${dispute.id}/${verb}`, body: { toFreelancer: wants, ...(note.trim() ? { note: note.trim() } : {}) } });
        }}>
          <p className="text-muted">{t('dispute.positionText')}</p>
          <PositionInput label={t('dispute.wants')} currency={dispute.currency} value={wants} onChange={setWants} of={dispute.amount} checked={checked} />
          <Textarea label={t('dispute.note')} optional rows={4} maxLength={5000} value={note} onChange={(event) => setNote(event.target.value)} />
          <DialogActions error={run.error} onCancel={() => setOpen(false)} busy={run.isPending}>{t(`dispute.${verb}`)}</DialogActions>
        </form>
      </Dialog>
      <Again run={run} />
    </>
  );
}

// Where payouts go. Changing it needs a fresh sign-in, and a new one cools off first.
import { useState } from 'react';
import { useDestination, useNewDestination } from '../../data/money';
import { useProvider } from '../../data/payments';
import { useI18n } from '../../i18n/i18n';
import { focusFirstInvalid } from '../../lib/focus';
import { Button } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { useTimeLeft } from '../../ui/countdown';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { ErrorNotice, SkeletonRows, useToast } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Card } from '../../ui/page';
import { Status } from '../../ui/show';
import { Again, tooOld } from '../auth/again';

/** The sandbox's banks, services/sandbox_payouts.go. */
const banks = ['test_bank', 'test_bank_slow', 'test_bank_failed', 'test_bank_returned'];

export function Destination({ query }: { query: ReturnType<typeof useDestination> }) {
  const { t } = useI18n();
  const one = query.data;
  return (
    <Card title={t('destination.title')}>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows count={1} className="h-16" />}
      {one === null && <p className="mb-4 text-muted">{t('destination.none')}</p>}
      {one && (
        <div className="mb-4 flex items-start gap-3">
          <Icon name="bank" className="mt-1 size-6 text-muted" />
          <div className="min-w-0 flex-1">
            <p className="flex flex-wrap items-center gap-2 font-semibold"><span dir="auto">{one.label}</span> <bdi className="font-normal text-muted">{one.hint}</bdi> <Status of="destination" status={one.status} /></p>
            {one.status === 'cooling' && <Cooling at={one.usableAt} />}
          </div>
        </div>
      )}
      {query.data !== undefined && (
        <div className="flex flex-wrap gap-2">
          <NewDestination replaces={one !== null} />
          {one && <CommandDialog label={t('destination.remove')} small domain="payments" path={`payoutDestinations/${one.id}/remove`} done={t('destination.removed')}><p className="text-muted">{t('destination.removeText')}</p></CommandDialog>}
        </div>
      )}
    </Card>
  );
}

function Cooling({ at }: { at: string }) {
  const { t } = useI18n();
  const left = useTimeLeft(at);
  return <p className="text-sm text-muted">{at && !left.over ? t('destination.usableIn', { time: left.text }) : t('clock.now')}</p>;
}

function NewDestination({ replaces }: { replaces: boolean }) {
  const { t } = useI18n();
  const sandbox = useProvider().data === 'sandbox';
  const say = useToast();
  const [open, setOpen] = useState(false);
  const [label, setLabel] = useState('');
  const [reference, setReference] = useState('');
  const [checked, setChecked] = useState(false);
  const saving = useNewDestination(() => { setOpen(false); setLabel(''); setReference(''); setChecked(false); say(t('destination.saved')); });
  const values = { label: label.trim(), reference: reference.trim() };
  const stale = tooOld(saving.error);
  return (
    <>
      <Button look={replaces ? 'plain' : 'primary'} small onClick={() => { saving.reset(); setOpen(true); }}>{replaces ? t('destination.replace') : t('destination.add')}</Button>
      <Dialog open={open && !stale} title={replaces ? t('destination.replace') : t('destination.add')} onClose={() => { if (!stale) setOpen(false); }}>
        <form noValidate className="space-y-4" onSubmit={(event) => { event.preventDefault(); setChecked(true); if (values.label && values.reference) saving.mutate(values); else focusFirstInvalid(event.currentTarget); }}>
          <p className="text-muted">{t('destination.text')}</p>
          <Input label={t('destination.label')} name="label" maxLength={60} required value={label} onChange={(event) => setLabel(event.target.value)} hint={t('destination.labelHint')} error={checked && !values.label ? 'required' : undefined} />
          <Input label={t('destination.reference')} name="reference" maxLength={120} required list="test-banks" autoComplete="off" dir="ltr" value={reference} onChange={(event) => setReference(event.target.value)} hint={sandbox ? t('destination.referenceHint') : t('destination.accountHint')} error={checked && !values.reference ? 'required' : undefined} />
          <datalist id="test-banks">{sandbox && banks.map((bank) => <option key={bank} value={bank} />)}</datalist>
          <DialogActions error={saving.error} onCancel={() => setOpen(false)} busy={saving.isPending}>{t('action.save')}</DialogActions>
        </form>
      </Dialog>
      <Again run={saving} />
    </>
  );
}

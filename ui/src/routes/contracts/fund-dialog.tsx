// Paying for a milestone: what is held, who gets what, and which (test) source pays.
import { useState } from 'react';
import { useFund } from '../../data/command';
import { useI18n } from '../../i18n/i18n';
import { defaultFeePlan } from '../../lib/money';
import type { Contract, Milestone } from '../../types';
import { Button, type Look } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { FeeTable } from '../../ui/fee-table';
import { ErrorNotice, Notice, useToast } from '../../ui/feedback';
import { Choice } from '../../ui/field';

/** The sandbox's sources, services/provider.go. */
const sources = ['test_success', 'test_declined', 'test_pending', 'test_indeterminate'] as const;
export type Source = (typeof sources)[number];

interface Props {
  milestone: Milestone;
  contract: Contract;
  look?: Look;
}

export function FundDialog({ milestone, contract, look = 'primary' }: Props) {
  const { t } = useI18n();
  const say = useToast();
  const [open, setOpen] = useState(false);
  const [source, setSource] = useState<Source>('test_success');
  const fund = useFund({ onDone: () => { setOpen(false); say(t('fund.done')); } });
  return (
    <>
      <Button look={look} small={look !== 'primary'} onClick={() => setOpen(true)}>{t('fund.title')}</Button>
      <Dialog open={open} title={t('fund.title')} onClose={() => setOpen(false)}>
        <form className="space-y-4" onSubmit={(event) => { event.preventDefault(); fund.mutate({ milestone, source }); }}>
          <p>{t('fund.text', { title: milestone.title })}</p>
          <FeeTable amount={milestone.amount} currency={milestone.currency} plan={contract.feePlan ?? defaultFeePlan} side="client" />
          <SourceChoice source={source} onChange={setSource} />
          <Notice tone="warn" icon="info">{t('fund.sandbox')}</Notice>
          <ErrorNotice error={fund.error} />
          <div className="flex flex-wrap justify-end gap-2">
            <Button look="quiet" onClick={() => setOpen(false)}>{t('action.cancel')}</Button>
            <Button type="submit" icon="lock" busy={fund.isPending}>{t('fund.confirm')}</Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}

/** Which source of the sandbox pays. */
export function SourceChoice({ source, onChange }: { source: Source; onChange: (source: Source) => void }) {
  const { t } = useI18n();
  return (
    <fieldset>
      <legend className="mb-2 text-sm font-medium">{t('fund.source')}</legend>
      <div className="grid grid-cols-2 gap-2">
        {sources.map((one) => <Choice key={one} name="source" value={one} checked={source === one} onChange={() => onChange(one)} title={t(`source.${one}`)} />)}
      </div>
    </fieldset>
  );
}

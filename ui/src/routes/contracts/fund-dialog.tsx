// Paying for a milestone: what is held, who gets what, and how it is paid.
import { useState } from 'react';
import { useFund } from '../../data/command';
import { useProvider } from '../../data/payments';
import { useI18n } from '../../i18n/i18n';
import { defaultFeePlan } from '../../lib/money';
import type { Contract, Milestone } from '../../types';
import { Button, type Look } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { FeeTable } from '../../ui/fee-table';
import { ErrorNotice, Notice, SkeletonRows, useToast } from '../../ui/feedback';
import { Choice } from '../../ui/field';

/** The sandbox's sources, services/provider.go. */
const sources = ['test_success', 'test_declined', 'test_pending', 'test_indeterminate'] as const;
type Source = (typeof sources)[number];

interface Props {
  milestone: Milestone;
  contract: Contract;
  look?: Look;
}

export function FundDialog({ milestone, contract, look = 'primary' }: Props) {
  const { t } = useI18n();
  const say = useToast();
  const [open, setOpen] = useState(false);
  const way = useWayToPay();
  const fund = useFund({ onDone: () => { setOpen(false); say(t('fund.done')); } });
  return (
    <>
      <Button look={look} small={look !== 'primary'} onClick={() => setOpen(true)}>{t('fund.title')}</Button>
      <Dialog open={open} title={t('fund.title')} onClose={() => setOpen(false)}>
        <form className="space-y-4" onSubmit={(event) => { event.preventDefault(); fund.mutate({ milestone, source: way.source }); }}>
          <p>{t('fund.text', { title: milestone.title })}</p>
          <FeeTable amount={milestone.amount} currency={milestone.currency} plan={contract.feePlan ?? defaultFeePlan} side="client" />
          {way.choice}
          <DialogActions error={fund.error} onCancel={() => setOpen(false)} icon="lock" busy={fund.isPending} disabled={!way.ready}>{t('fund.confirm')}</DialogActions>
        </form>
      </Dialog>
    </>
  );
}

/** How a person pays: with a source of the sandbox, or on the page of the provider. */
export function useWayToPay() {
  const { t } = useI18n();
  const provider = useProvider();
  const [source, setSource] = useState<Source>('test_success');
  const sandbox = provider.data === 'sandbox';
  let choice = <Notice icon="lock">{t('fund.elsewhere')}</Notice>;
  if (provider.isPending) choice = <SkeletonRows count={1} className="h-24" />;
  if (provider.isError) choice = <ErrorNotice error={provider.error} onRetry={() => void provider.refetch()} />;
  if (sandbox) {
    choice = (
      <>
        <SourceChoice source={source} onChange={setSource} />
        <Notice tone="warn" icon="info">{t('fund.sandbox')}</Notice>
      </>
    );
  }
  return { ready: provider.isSuccess, source: sandbox ? source : undefined, choice };
}

/** Which source of the sandbox pays. */
function SourceChoice({ source, onChange }: { source: Source; onChange: (source: Source) => void }) {
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

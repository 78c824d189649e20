// What can be paid out, where it goes, and what became of each payout.
import { useDestination, usePayoutBalances, usePayouts } from '../../data/money';
import { useI18n } from '../../i18n/i18n';
import { en } from '../../i18n/en';
import type { Key } from '../../i18n/catalogue';
import type { Payout, PayoutBalance } from '../../types';
import { Button } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Card } from '../../ui/page';
import { Money, Status, useDates } from '../../ui/show';
import { Destination } from './destination';
import { MoneyPage } from './money';
import { PayoutDialog } from './payout-dialog';

export default function Payouts() {
  const { t } = useI18n();
  const balances = usePayoutBalances();
  const destination = useDestination();
  const list = usePayouts();
  const payouts = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <MoneyPage>
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-2">
        <Card title={t('payouts.balance')}>
          <ErrorNotice error={balances.error} onRetry={() => void balances.refetch()} />
          {balances.isPending && <SkeletonRows count={1} className="h-24" />}
          {balances.data?.length === 0 && <p className="text-muted">{t('payouts.nothing')}</p>}
          <ul className="divide-y divide-line">{balances.data?.map((one) => <li key={one.currency} className="py-3 first:pt-0 last:pb-0"><Balance balance={one} /></li>)}</ul>
        </Card>
        <Destination query={destination} />
      </div>
      <h2 className="mt-8 mb-3 text-lg font-semibold">{t('payouts.list')}</h2>
      <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending && <SkeletonRows count={3} className="h-20" />}
      {list.data && payouts.length === 0 && <Empty icon="bank" title={t('payouts.none')} text={t('payouts.noneText')} />}
      <ul className="card divide-y divide-line overflow-hidden empty:hidden">{payouts.map((one) => <li key={one.id} className="p-4 sm:px-5"><PayoutRow payout={one} /></li>)}</ul>
      {list.hasNextPage && <div className="mt-5 text-center"><Button look="plain" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t('action.more')}</Button></div>}
    </MoneyPage>
  );
}

function Balance({ balance }: { balance: PayoutBalance }) {
  const { t } = useI18n();
  const why = `payouts.why.${balance.why}`;
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <div>
        <p><Money amount={balance.available} currency={balance.currency} className="text-2xl font-bold" /></p>
        {balance.inTransit > 0 && <p className="text-sm text-muted">{t('payouts.inTransit')} <Money amount={balance.inTransit} currency={balance.currency} /></p>}
        {balance.why && <p className="text-sm text-muted">{t((why in en ? why : 'payouts.why.other') as Key)}{balance.why === 'below_minimum' && <> <Money amount={balance.minimum} currency={balance.currency} />. {t('payouts.lessOnlyLast')}</>}</p>}
        {balance.last && <p className="text-sm text-muted">{t('payouts.last')}</p>}
      </div>
      {balance.canRequest && <PayoutDialog balance={balance} />}
    </div>
  );
}

function PayoutRow({ payout }: { payout: Payout }) {
  const { t } = useI18n();
  const dates = useDates();
  const said: [string, string][] = [
    [t('payouts.asked'), payout.created], [t('payouts.sentAt'), payout.sentAt], [t('payouts.settledAt'), payout.settledAt],
  ];
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
      <div className="min-w-0">
        <p className="font-semibold"><Money amount={payout.amount} currency={payout.currency} /> <span className="font-normal text-muted">{t('payouts.to')} <bdi>{payout.destinationLabel}</bdi></span></p>
        <p className="flex flex-wrap gap-x-3 text-sm text-muted">{said.filter(([, at]) => at).map(([label, at]) => <span key={label}>{label} {dates.moment(at)}</span>)}</p>
        {payout.reason && <p className="text-sm" dir="auto">{payout.reason}</p>}
        {payout.onHold && <p className="text-sm text-warn">{t('payouts.onHold')}</p>}
        {(payout.status === 'failed' || payout.status === 'returned') && <p className="text-sm text-muted">{t('payouts.backAgain')}</p>}
      </div>
      <div className="flex items-center gap-3">
        <Status of="payout" status={payout.status} />
        {payout.status === 'requested' && <CommandDialog label={t('payouts.cancel')} small domain="payments" path={`payouts/${payout.id}/cancel`} done={t('payouts.cancelled')}><p className="text-muted">{t('payouts.cancelText')}</p></CommandDialog>}
      </div>
    </div>
  );
}

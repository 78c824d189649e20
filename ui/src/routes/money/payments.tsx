// All payments one has a part in, on either side.
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { payments } from '../../api';
import { keys } from '../../data/keys';
import { useMe } from '../../data/me';
import { usePaidMilestone } from '../../data/payments';
import { useI18n } from '../../i18n/i18n';
import type { Payment } from '../../types';
import { Button } from '../../ui/button';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Money, Status, useDates, useName } from '../../ui/show';
import { MoneyPage } from './money';

export default function PaymentList() {
  const { t } = useI18n();
  const query = useInfiniteQuery({
    queryKey: [...keys.payments, 'all'],
    queryFn: ({ pageParam }) => payments.payments.getList(pageParam, 30, { sort: '-created', expand: 'client,freelancer' }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
  });
  const list = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <MoneyPage>
      <h2 className="sr-only">{t('money.payments')}</h2>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows count={5} className="h-20" />}
      {query.data && list.length === 0 && <Empty icon="money" title={t('payments.none')} text={t('payments.noneText')} />}
      <ul className="card divide-y divide-line overflow-hidden empty:hidden">{list.map((one) => <li key={one.id} className="relative p-4 hover:bg-sunken sm:px-5"><Row payment={one} /></li>)}</ul>
      {query.hasNextPage && <div className="mt-5 text-center"><Button look="plain" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('action.more')}</Button></div>}
    </MoneyPage>
  );
}

function Row({ payment }: { payment: Payment }) {
  const { t } = useI18n();
  const dates = useDates();
  const name = useName();
  const milestone = usePaidMilestone(payment).data;
  const paying = useMe()?.id === payment.client;
  const other = paying ? payment.expand?.freelancer ?? milestone?.expand?.freelancer : payment.expand?.client;
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
      <div className="min-w-0">
        <p className="truncate font-semibold" dir="auto"><Link to={`/payments/${payment.id}`} className="after:absolute after:inset-0">{payment.title || milestone?.title || t('money.payments')}</Link></p>
        <p className="truncate text-sm text-muted">{other && `${t(paying ? 'payments.to' : 'payments.from', { name: name(other) })} · `}{dates.day(payment.heldAt || payment.created)}</p>
      </div>
      <div className="flex items-center gap-3"><Money amount={payment.amount} currency={payment.currency} className="font-semibold" /><Status of="payment" status={payment.status} /></div>
    </div>
  );
}

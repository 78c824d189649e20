// Invoices and credit notes one gave or got, as PDF and as JSON.
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { download, payments } from '../../api';
import { keys } from '../../data/keys';
import { useI18n } from '../../i18n/i18n';
import type { Invoice } from '../../types';
import { Button } from '../../ui/button';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Money, useDates } from '../../ui/show';
import { MoneyPage } from './money';

export default function Invoices() {
  const { t } = useI18n();
  const query = useInfiniteQuery({
    queryKey: [...keys.payments, 'invoices'],
    queryFn: ({ pageParam }) => payments.invoices.getList(pageParam, 30, { sort: '-issuedAt,-number', fields: 'id,number,kind,amount,currency,issuedAt' }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
  });
  const list = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <MoneyPage>
      <h2 className="sr-only">{t('invoices.tab')}</h2>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows count={4} className="h-20" />}
      {query.data && list.length === 0 && <Empty icon="doc" title={t('invoices.none')} text={t('invoices.noneText')} />}
      <ul className="card divide-y divide-line overflow-hidden empty:hidden">{list.map((one) => <li key={one.id} className="p-4 sm:px-5"><Row invoice={one} /></li>)}</ul>
      {query.hasNextPage && <div className="mt-5 text-center"><Button look="plain" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('action.more')}</Button></div>}
    </MoneyPage>
  );
}

function Row({ invoice }: { invoice: Invoice }) {
  const { t } = useI18n();
  const dates = useDates();
  const saving = useMutation({ mutationFn: (form: 'pdf' | 'json') => download('payments', `/api/invoices/${invoice.id}/${form}`, {}, `${invoice.number}.${form}`) });
  const credit = invoice.kind.endsWith('credit_note');
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
      <div className="min-w-0">
        <p className="font-semibold"><bdi>{t(credit ? 'invoices.credit' : 'invoices.invoice', { number: invoice.number })}</bdi></p>
        <p className="text-sm text-muted">{dates.day(invoice.issuedAt)}</p>
        <ErrorNotice error={saving.error} />
      </div>
      <div className="flex items-center gap-2">
        <Money amount={invoice.amount} currency={invoice.currency} className="me-2 font-semibold" />
        {(['pdf', 'json'] as const).map((form) => <Button key={form} look="plain" small icon="download" busy={saving.isPending && saving.variables === form} onClick={() => saving.mutate(form)}>{t(`invoices.${form}`)}</Button>)}
      </div>
    </div>
  );
}

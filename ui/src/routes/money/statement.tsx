// Every movement on one's account with the balance after it, and the same as CSV.
import { useMutation } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { download } from '../../api';
import { hasRole, useMe } from '../../data/me';
import { useStatement, type StatementSearch } from '../../data/money';
import { useI18n } from '../../i18n/i18n';
import type { StatementLine } from '../../types';
import { Button } from '../../ui/button';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Input, Select } from '../../ui/field';
import { Money, useDates } from '../../ui/show';
import { MoneyPage } from './money';

const shownAtOnce = 200;

export default function StatementPage() {
  const { t } = useI18n();
  const me = useMe();
  const [params, setParams] = useSearchParams();
  const search: StatementSearch = {
    view: params.get('view') === 'spend' || !hasRole(me, 'freelancer') ? 'spend' : 'income',
    from: params.get('from') ?? '', to: params.get('to') ?? '', currency: params.get('currency') ?? '',
  };
  const set = (name: string, value: string) => setParams((before) => { if (value) before.set(name, value); else before.delete(name); return before; }, { replace: true });
  const query = useStatement(search);
  const saving = useMutation({ mutationFn: () => download('payments', '/api/statement', { ...search, format: 'csv' }, `lancershub-statement-${search.view}.csv`) });
  const lines = [...(query.data?.lines ?? [])].reverse();
  const currencies = [...new Set(lines.map((line) => line.currency).concat(search.currency))].filter(Boolean).sort();
  const both = hasRole(me, 'freelancer') && hasRole(me, 'client');
  return (
    <MoneyPage actions={<Button look="plain" icon="download" busy={saving.isPending} disabled={lines.length === 0} onClick={() => saving.mutate()}>{t('chart.csv')}</Button>}>
      <form className="mb-5 grid grid-cols-1 gap-3 sm:grid-cols-2 lg:grid-cols-4" onSubmit={(event) => event.preventDefault()}>
        {both && <Select label={t('dashboard.view')} value={search.view} onChange={(event) => set('view', event.target.value)}><option value="income">{t('dashboard.income')}</option><option value="spend">{t('dashboard.spend')}</option></Select>}
        <Input label={t('statement.from')} type="date" value={search.from} onChange={(event) => set('from', event.target.value)} />
        <Input label={t('statement.to')} type="date" value={search.to} onChange={(event) => set('to', event.target.value)} />
        <Select label={t('browse.currency')} value={search.currency} onChange={(event) => set('currency', event.target.value)}><option value="">{t('browse.any')}</option>{currencies.map((code) => <option key={code}>{code}</option>)}</Select>
      </form>
      <p className="mb-3 text-sm text-muted">{t(`statement.text.${search.view}`)}</p>
      <ErrorNotice error={query.error ?? saving.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows count={5} className="h-14" />}
      {query.data && lines.length === 0 && <Empty icon="doc" title={t('statement.none')} text={t('statement.noneText')} />}
      {lines.length > 0 && <Lines lines={lines.slice(0, shownAtOnce)} />}
      {lines.length > shownAtOnce && <p className="mt-3 text-sm text-muted">{t('statement.more', { count: lines.length - shownAtOnce })}</p>}
    </MoneyPage>
  );
}

function Lines({ lines }: { lines: readonly StatementLine[] }) {
  const { t } = useI18n();
  const dates = useDates();
  const cell = 'px-4 py-3 align-top';
  return (
    <div className="card overflow-x-auto" tabIndex={0} role="region" aria-label={t('money.statement')}>
      <table className="w-full text-start text-sm">
        <thead className="border-b border-line text-muted"><tr>
          {(['when', 'what', 'amount', 'balance'] as const).map((one) => <th key={one} scope="col" className={`px-4 py-2.5 font-medium ${one === 'amount' || one === 'balance' ? 'text-end' : 'text-start'} ${one === 'when' || one === 'balance' ? 'max-sm:hidden' : ''}`}>{t(`statement.${one}`)}{one === 'amount' && <span className="block font-normal whitespace-nowrap sm:hidden">{t('statement.balance')}</span>}</th>)}
        </tr></thead>
        <tbody className="divide-y divide-line">
          {lines.map((line) => (
            <tr key={`${line.ref}-${line.amount}`}>
              <td className={`${cell} whitespace-nowrap text-muted max-sm:hidden`}>{dates.day(line.at)}</td>
              <td className={cell}><p className="font-medium">{t(`movement.${line.kind}`)}</p>{line.title && <p className="text-muted" dir="auto">{line.title}{line.counterpart && ` · ${line.counterpart}`}</p>}<p className="text-muted sm:hidden">{dates.day(line.at)}</p></td>
              <td className={`${cell} text-end`}><Money amount={line.amount} currency={line.currency} className={line.amount > 0 ? 'font-semibold text-strong' : ''} /><p className="text-muted sm:hidden"><span className="sr-only">{t('statement.balance')} </span><Money amount={line.balance} currency={line.currency} /></p></td>
              <td className={`${cell} text-end max-sm:hidden`}><Money amount={line.balance} currency={line.currency} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

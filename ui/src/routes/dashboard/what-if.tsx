// What if a client leaves, a payment comes later, another contract comes?
import { useState, type FormEvent } from 'react';
import { usePeople } from '../../data/people';
import { useWhatIf } from '../../data/payments';
import { useI18n } from '../../i18n/i18n';
import { monthName } from '../../lib/dates';
import { decimalsOf, formatMoney } from '../../lib/money';
import type { Change, PipelineItem, Perspective, Share, WhatIfAnswer } from '../../types';
import { Button } from '../../ui/button';
import { ErrorNotice } from '../../ui/feedback';
import { Input, Select } from '../../ui/field';
import { MoneyInput } from '../../ui/money-input';
import { Money } from '../../ui/show';
import { ChartCard } from './chart-card';
import { roundForPeople } from './outlook';

const kinds = ['drop_client', 'delay', 'add_contract'] as const;

interface Props {
  view: Perspective;
  currency: string;
  horizon: number;
  people: readonly Share[];
  items: readonly PipelineItem[];
}

/** The amounts of another contract, month by month from the running one; at most twelve. */
export function contractAmounts(amount: number, from: number, length: number): number[] {
  const amounts = [...Array<number>(Math.max(0, from)).fill(0), ...Array<number>(Math.max(1, length)).fill(amount)];
  return amounts.slice(0, 12);
}

export function WhatIf({ view, currency, horizon, people, items }: Props) {
  const { t, locale } = useI18n();
  const ask = useWhatIf(view, currency, horizon);
  const names = usePeople(people.map((one) => one.id));
  const [kind, setKind] = useState<(typeof kinds)[number]>('add_contract');
  const [client, setClient] = useState('');
  const [item, setItem] = useState('');
  const [months, setMonths] = useState('1');
  const [amount, setAmount] = useState<number | null>(null);
  const [from, setFrom] = useState('1');
  const [length, setLength] = useState('3');
  const who = client || (people[0]?.id ?? '');
  const which = item || (items[0]?.item ?? '');
  const change = (): Change | null => {
    if (kind === 'drop_client') return who ? { kind, client: who } : null;
    if (kind === 'delay') return which ? { kind, item: which, months: Number(months) } : null;
    return amount ? { kind, amounts: contractAmounts(amount, Number(from), Number(length)) } : null;
  };
  const asked = change();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (asked) ask.mutate([asked]);
  };
  const answer = ask.data;
  const plain = (value: number) => (value / 10 ** decimalsOf(currency)).toFixed(decimalsOf(currency));
  return (
    <ChartCard title={t('whatif.title')} explain={t('whatif.explain')} name={`${view}-what-if-${currency}`}
      header={[t('months.month'), t('whatif.before'), t('whatif.after'), t('whatif.difference')]}
      rows={(answer?.before.months ?? []).map((month, k) => [monthName(month.month, locale, 'long'), <Money key="b" amount={month.mean} currency={currency} />, <Money key="a" amount={answer?.after.months[k]?.mean ?? 0} currency={currency} />, <Money key="d" amount={answer?.monthDifferences[k] ?? 0} currency={currency} />])}
      figures={(answer?.before.months ?? []).map((month, k) => [month.month, plain(month.mean), plain(answer?.after.months[k]?.mean ?? 0), plain(answer?.monthDifferences[k] ?? 0)])}>
      <form onSubmit={submit} className="space-y-4">
        <Select label={t('whatif.kind')} value={kind} onChange={(event) => { setKind(event.target.value as (typeof kinds)[number]); ask.reset(); }}>
          {kinds.map((one) => <option key={one} value={one}>{one === 'drop_client' ? t(`whatif.drop_client.${view}`) : t(`whatif.${one}`)}</option>)}
        </Select>
        {kind === 'drop_client' && (people.length > 0 ? (
          <Select label={t('whatif.who')} value={who} onChange={(event) => setClient(event.target.value)}>
            {people.map((one) => <option key={one.id} value={one.id}>{names.data?.get(one.id)?.name || one.title || t('person.unnamed')}</option>)}
          </Select>
        ) : <p className="text-muted">{t('whatif.nothing')}</p>)}
        {kind === 'delay' && (items.length > 0 ? (
          <div className="grid gap-4 sm:grid-cols-2">
            <Select label={t('whatif.item')} value={which} onChange={(event) => setItem(event.target.value)}>
              {items.map((one) => <option key={one.item} value={one.item}>{`${one.title || t('person.unnamed')} · ${formatMoney(one.amount, currency, locale, { trim: true })}`}</option>)}
            </Select>
            <Input label={t('whatif.months')} type="number" min={1} max={12} required value={months} onChange={(event) => setMonths(event.target.value)} />
          </div>
        ) : <p className="text-muted">{t('whatif.nothing')}</p>)}
        {kind === 'add_contract' && (
          <div className="grid gap-4 sm:grid-cols-3">
            <MoneyInput label={t('whatif.amount')} currency={currency} value={amount} onChange={setAmount} required />
            <Input label={t('whatif.from')} type="number" min={0} max={11} required value={from} onChange={(event) => setFrom(event.target.value)} />
            <Input label={t('whatif.length')} type="number" min={1} max={12} required value={length} onChange={(event) => setLength(event.target.value)} />
          </div>
        )}
        <Button type="submit" look="plain" busy={ask.isPending} disabled={!asked}>{t('whatif.ask')}</Button>
      </form>
      <ErrorNotice error={ask.error} />
      <div role="status" className="mt-3">{answer && <Answer answer={answer} currency={currency} />}</div>
    </ChartCard>
  );
}

function Answer({ answer, currency }: { answer: WhatIfAnswer; currency: string }) {
  const { t, locale } = useI18n();
  const money = (value: number) => formatMoney(roundForPeople(value, decimalsOf(currency)), currency, locale, { trim: true });
  const key = answer.difference === 0 ? 'whatif.same' : answer.difference > 0 ? 'whatif.more' : 'whatif.less';
  return <p className="rounded-xl bg-soft p-4 font-medium text-strong">{t(key, { after: money(answer.after.total), before: money(answer.before.total), difference: money(Math.abs(answer.difference)) })}</p>;
}

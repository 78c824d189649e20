// How payments stand, by amount. A payment that was shared counts with each part.
import { useI18n } from '../../i18n/i18n';
import { decimalsOf, formatMoney } from '../../lib/money';
import type { Payment } from '../../types';
import { Skeleton } from '../../ui/feedback';
import { Money } from '../../ui/show';
import { ChartCard } from './chart-card';
import { numberFormat } from '../../lib/intl';

export const parts = ['held', 'released', 'refunded', 'pending', 'failed'] as const;
export type Part = (typeof parts)[number];

/** Sums payments up by what became of the money; the parts of one payment never count twice. */
export function sumByPart(payments: readonly Payment[]): Record<Part, { amount: number; count: number }> {
  const sums = Object.fromEntries(parts.map((part) => [part, { amount: 0, count: 0 }])) as Record<Part, { amount: number; count: number }>;
  const add = (part: Part, amount: number) => {
    if (amount <= 0) return;
    sums[part].amount += amount;
    sums[part].count += 1;
  };
  for (const payment of payments) {
    if (payment.status === 'pending') add('pending', payment.amount);
    else if (payment.status === 'failed') add('failed', payment.amount);
    else {
      add('released', payment.released);
      add('refunded', payment.refunded);
      add('held', payment.amount - payment.released - payment.refunded);
    }
  }
  return sums;
}

const colours: Record<Part, string> = { held: 'var(--chart-3)', released: 'var(--chart-1)', refunded: 'var(--chart-5)', pending: 'var(--chart-2)', failed: 'var(--danger)' };

export function StatusDonut({ payments, currency, pending }: { payments: readonly Payment[]; currency: string; pending: boolean }) {
  const { t, locale } = useI18n();
  const sums = sumByPart(payments);
  const present = parts.filter((part) => sums[part].count > 0);
  const total = present.filter((part) => part !== 'failed').reduce((sum, part) => sum + sums[part].amount, 0);
  const around = 2 * Math.PI * 40;
  let start = 0;
  return (
    <ChartCard title={t('donut.title')} explain={t('donut.explain')} name={`payments-${currency}`}
      header={[t('donut.status'), t('donut.payments'), t('months.amount')]}
      rows={present.map((part) => [t(`donut.${part}`), numberFormat(locale).format(sums[part].count), <Money key={part} amount={sums[part].amount} currency={currency} />])}
      figures={present.map((part) => [part, sums[part].count, (sums[part].amount / 10 ** decimalsOf(currency)).toFixed(decimalsOf(currency))])}>
      {pending ? <Skeleton className="h-44" /> : (
        <div className="flex flex-wrap items-center gap-6">
          <svg viewBox="0 0 100 100" className="size-40 -rotate-90" aria-hidden="true">
            <circle cx="50" cy="50" r="40" fill="none" stroke="var(--sunken)" strokeWidth="14" />
            {present.filter((part) => part !== 'failed').map((part) => {
              const length = total > 0 ? (sums[part].amount / total) * around : 0;
              const offset = -start;
              start += length;
              return <circle key={part} cx="50" cy="50" r="40" fill="none" stroke={colours[part]} strokeWidth="14" strokeDasharray={`${Math.max(0, length - 1)} ${around}`} strokeDashoffset={offset} />;
            })}
            <text x="50" y="50" textAnchor="middle" dominantBaseline="central" className="rotate-90 fill-ink text-[11px] font-bold [transform-origin:50px_50px]">{formatMoney(total, currency, locale, { compact: true })}</text>
          </svg>
          <ul className="min-w-48 flex-1 space-y-2">
            {present.map((part) => (
              <li key={part} className="flex items-center justify-between gap-4">
                <span className="flex items-center gap-2"><span aria-hidden="true" className="size-3 rounded-full" style={{ background: colours[part] }} />{t(`donut.${part}`)} <span className="text-sm text-muted figures">×{sums[part].count}</span></span>
                <Money amount={sums[part].amount} currency={currency} className="font-semibold" />
              </li>
            ))}
          </ul>
        </div>
      )}
    </ChartCard>
  );
}

// Who gets what of an amount: computed as the server does, shown before anything is agreed.
import { useI18n } from '../i18n/i18n';
import { defaultFeePlan, feeOf } from '../lib/money';
import type { FeePlan } from '../types';
import { Money } from './show';
import { percent } from '../lib/intl';

interface Props {
  amount: number;
  currency: string;
  plan?: FeePlan | null;
  /** Whose view: decides which line stands out. */
  side: 'client' | 'freelancer';
}

export function FeeTable({ amount, currency, plan, side }: Props) {
  const { t, locale } = useI18n();
  const { basisPoints } = plan ?? defaultFeePlan;
  const fee = feeOf(amount, basisPoints);
  const share = percent(locale, basisPoints / 10_000, 2);
  const line = 'flex justify-between gap-4 py-1.5';
  const strong = 'border-t border-line mt-1 pt-2.5 font-semibold';
  return (
    <dl className="rounded-xl bg-sunken px-4 py-2.5">
      <div className={line}><dt>{side === 'client' ? t('fee.youPay') : t('fee.clientPays')}</dt><dd><Money amount={amount} currency={currency} /></dd></div>
      <div className={`${line} text-muted`}><dt>{t('fee.platform', { share })}</dt><dd><Money amount={-fee} currency={currency} /></dd></div>
      <div className={`${line} ${strong}`}><dt>{side === 'client' ? t('fee.freelancerGets') : t('fee.youGet')}</dt><dd><Money amount={amount - fee} currency={currency} /></dd></div>
    </dl>
  );
}

// Who gets what of an amount: shown before anything is agreed. A signed contract
// has its plan; before that the server says which plan would apply.
import { useFeePreview, type FeeQuestion } from '../data/fees';
import { useI18n } from '../i18n/i18n';
import { feeOfPart } from '../lib/money';
import type { FeePlan } from '../types';
import { ErrorNotice, Skeleton } from './feedback';
import { Money } from './show';
import { percent } from '../lib/intl';

interface Props {
  amount: number;
  currency: string;
  plan: FeePlan;
  /** What of the same payment was released before. */
  before?: number;
  /** Whose view: decides which line stands out. */
  side: 'client' | 'freelancer';
}

export function FeeTable({ amount, currency, plan, before = 0, side }: Props) {
  const { t, locale } = useI18n();
  const fee = feeOfPart(before, amount, plan);
  const share = percent(locale, plan.basisPoints / 10_000, 2); // says all of the fee only where nothing else is kept
  const line = 'flex justify-between gap-4 py-1.5';
  const strong = 'border-t border-line mt-1 pt-2.5 font-semibold';
  return (
    <dl className="rounded-xl bg-sunken px-4 py-2.5">
      <div className={line}><dt>{side === 'client' ? t('fee.youPay') : t('fee.clientPays')}</dt><dd><Money amount={amount} currency={currency} /></dd></div>
      <div className={`${line} text-muted`}><dt>{plan.fixed || plan.minimum ? t('fee.platformFixed') : t('fee.platform', { share })}</dt><dd><Money amount={-fee} currency={currency} /></dd></div>
      <div className={`${line} ${strong}`}><dt>{side === 'client' ? t('fee.freelancerGets') : t('fee.youGet')}</dt><dd><Money amount={amount - fee} currency={currency} /></dd></div>
    </dl>
  );
}

/** The fee of a price nobody has signed yet, as the server previews it. */
export function FeePreviewTable({ of, side }: { of: FeeQuestion; side: 'client' | 'freelancer' }) {
  const preview = useFeePreview(of);
  if (preview.error) return <ErrorNotice error={preview.error} onRetry={() => void preview.refetch()} />;
  if (!preview.data) return <Skeleton className="h-32 w-full rounded-xl" />;
  return <FeeTable amount={preview.data.amount} currency={preview.data.currency} plan={preview.data.plan} side={side} />;
}

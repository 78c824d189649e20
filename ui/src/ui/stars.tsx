// Ratings: shown as stars with their number in words, given with radio buttons.
import { useId } from 'react';
import { useI18n } from '../i18n/i18n';
import { numberFormat } from '../lib/intl';

const star = 'm12 3 2.700 5.800 6.300.8-4.700 4.300 1.300 6.300-5.600-3.200-5.600 3.200 1.300-6.300L3 9.600l6.300-.8z';

function Star({ filled, className = 'size-4' }: { filled: boolean; className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 24 24" className={`shrink-0 ${className} ${filled ? 'text-warn' : 'text-edge'}`} fill={filled ? 'currentColor' : 'none'} stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round"><path d={star} /></svg>
  );
}

/** A rating of 1 to 5. */
export function Stars({ of, className }: { of: number; className?: string }) {
  const { t } = useI18n();
  return (
    <span className="inline-flex" role="img" aria-label={t('review.starsOf', { count: of })}>
      {[1, 2, 3, 4, 5].map((n) => <Star key={n} filled={n <= of} className={className} />)}
    </span>
  );
}

/** A mean rating (hundredths of a star) and of how many reviews it is; nothing without any. */
export function Rating({ rating, reviews }: { rating: number; reviews: number }) {
  const { t, locale } = useI18n();
  if (!reviews) return null;
  const mean = numberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(rating / 100);
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap">
      <Star filled /><span className="figures font-semibold"><span className="sr-only">{t('review.mean')} </span>{mean}</span>
      <span className="text-muted">{t('review.count', { count: reviews })}</span>
    </span>
  );
}

interface InputProps {
  label: string;
  value: number;
  onChange: (value: number) => void;
  optional?: boolean;
  error?: string;
}

/** Five radio buttons that look like stars. */
export function StarsInput({ label, value, onChange, optional, error }: InputProps) {
  const { t } = useI18n();
  const name = useId();
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">{label}{optional && <span className="ms-1 font-normal text-muted">{t('form.optional')}</span>}</legend>
      <div className="flex">
        {[1, 2, 3, 4, 5].map((n) => (
          <label key={n} className="relative cursor-pointer rounded-lg p-1.5 hover:bg-sunken has-focus-visible:outline-2 has-focus-visible:outline-primary">
            <input type="radio" name={name} value={n} checked={value === n} onChange={() => onChange(n)} className="sr-only" aria-label={t('review.starsOf', { count: n })} aria-describedby={error ? `${name}-error` : undefined} />
            <Star filled={n <= value} className="size-7" />
          </label>
        ))}
      </div>
      {error && <p id={`${name}-error`} role="alert" className="mt-1 text-sm text-danger">{error}</p>}
    </fieldset>
  );
}

// An amount as people type it; the form gets minor units, or null while it is not an amount.
import { useState } from 'react';
import { useI18n } from '../i18n/i18n';
import { editMoney, parseMoney } from '../lib/money';
import { Field } from './field';

interface Props {
  label: string;
  currency: string;
  value: number | null;
  onChange: (amount: number | null) => void;
  hint?: React.ReactNode;
  error?: string;
  optional?: boolean;
  required?: boolean;
  /** Zero is an amount too, and shown. */
  zero?: boolean;
  name?: string;
}

export function MoneyInput({ label, currency, value, onChange, hint, error, optional, required, zero, name }: Props) {
  const { t } = useI18n();
  const [text, setText] = useState(value || (zero && value === 0) ? editMoney(value, currency) : '');
  const wrong = text.trim() !== '' && parseMoney(text, currency) === null;
  return (
    <Field {...{ label, hint, optional }} error={wrong ? 'not_an_amount' : error}>
      {(aria) => (
        <div className="relative" dir="ltr">
          <input {...aria} name={name} required={required} inputMode="decimal" autoComplete="off" value={text} placeholder={t('form.amountHint')}
            onChange={(event) => { setText(event.target.value); onChange(event.target.value.trim() === '' ? null : parseMoney(event.target.value, currency)); }}
            className="figures block min-h-11 w-full rounded-[10px] border border-edge bg-surface ps-3 pe-14 placeholder:text-muted aria-invalid:border-danger" />
          <span className="pointer-events-none absolute end-3 top-2.5 text-muted" aria-hidden="true">{currency}</span>
        </div>
      )}
    </Field>
  );
}

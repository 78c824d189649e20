// Form fields: a label, a control, a hint, and what is wrong with it.
import { useId, type ComponentProps, type ReactNode } from 'react';
import { useI18n } from '../i18n/i18n';
import { fieldKey } from '../lib/errors';

const control = 'block w-full rounded-[10px] border border-edge bg-surface px-3 text-ink placeholder:text-muted focus:border-primary aria-invalid:border-danger';

interface Wrap {
  label: string;
  hint?: ReactNode;
  /** A validation code (from the server or the form), or undefined. */
  error?: string;
  /** Says "(optional)" beside the label. */
  optional?: boolean;
  className?: string;
}

interface Aria {
  id: string;
  'aria-invalid': true | undefined;
  'aria-describedby': string | undefined;
}

export function Field({ label, hint, error, optional, className = '', children }: Wrap & { children: (aria: Aria) => ReactNode }) {
  const id = useId();
  const { t } = useI18n();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
        {optional && <span className="ms-1 font-normal text-muted">{t('form.optional')}</span>}
      </label>
      {children({ id, 'aria-invalid': error ? true : undefined, 'aria-describedby': [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined })}
      {error && <p id={`${id}-error`} className="mt-1.5 text-sm text-danger">{t(fieldKey(error))}</p>}
      {hint && <div id={`${id}-hint`} className="mt-1.5 text-sm text-muted">{hint}</div>}
    </div>
  );
}

type InputProps = Wrap & Omit<ComponentProps<'input'>, 'className'>;

export function Input({ label, hint, error, optional, className, ...rest }: InputProps) {
  return (
    <Field {...{ label, hint, error, optional, className }}>
      {(aria) => <input {...aria} {...rest} className={`${control} min-h-11`} />}
    </Field>
  );
}

type TextareaProps = Wrap & Omit<ComponentProps<'textarea'>, 'className'>;

export function Textarea({ label, hint, error, optional, className, rows = 5, ...rest }: TextareaProps) {
  return (
    <Field {...{ label, hint, error, optional, className }}>
      {(aria) => <textarea dir="auto" {...aria} {...rest} rows={rows} className={`${control} py-2.5`} />}
    </Field>
  );
}

type SelectProps = Wrap & Omit<ComponentProps<'select'>, 'className'>;

export function Select({ label, hint, error, optional, className, children, ...rest }: SelectProps) {
  return (
    <Field {...{ label, hint, error, optional, className }}>
      {(aria) => <select {...aria} {...rest} className={`${control} min-h-11`}>{children}</select>}
    </Field>
  );
}

interface ChoiceProps {
  name: string;
  value: string;
  checked: boolean;
  onChange: () => void;
  title: string;
  text?: string;
  type?: 'radio' | 'checkbox';
}

/** A radio button or checkbox as a card one can press anywhere. */
export function Choice({ name, value, checked, onChange, title, text, type = 'radio' }: ChoiceProps) {
  return (
    <label className="flex cursor-pointer items-start gap-3 rounded-xl border border-line bg-surface p-3 transition-colors sm:p-4 hover:border-edge has-checked:border-primary has-checked:bg-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-primary">
      <input type={type} name={name} value={value} checked={checked} onChange={onChange} className="mt-1 size-4 accent-primary outline-none" />
      <span>
        <span className="block font-medium">{title}</span>
        {text && <span className="block text-sm text-muted">{text}</span>}
      </span>
    </label>
  );
}

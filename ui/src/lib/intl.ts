// Making an Intl formatter costs far more than using it, and lists use thousands:
// each is made once.

const made = new Map<string, unknown>();

function once<T>(kind: string, locale: string, options: object, make: () => T): T {
  const key = `${kind} ${locale} ${JSON.stringify(options)}`;
  let one = made.get(key) as T | undefined;
  if (one === undefined) {
    one = make();
    made.set(key, one);
  }
  return one;
}

export const numberFormat = (locale: string, options: Intl.NumberFormatOptions = {}): Intl.NumberFormat =>
  once('number', locale, options, () => new Intl.NumberFormat(locale, options));

export const dateFormat = (locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  once('date', locale, options, () => new Intl.DateTimeFormat(locale, options));

export const pluralRules = (locale: string): Intl.PluralRules => once('plural', locale, {}, () => new Intl.PluralRules(locale));

export const relativeFormat = (locale: string): Intl.RelativeTimeFormat =>
  once('relative', locale, {}, () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));

/** A share as a percentage without decimals, or with as few as it needs. */
export const percent = (locale: string, share: number, decimals = 0): string =>
  numberFormat(locale, { style: 'percent', maximumFractionDigits: decimals }).format(share);

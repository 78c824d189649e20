// The catalogue mechanism: a message is a text with {placeholders}, or one text
// per plural form. English is the reference; other languages must have its keys.
import type { en } from './en';

/** Texts by CLDR plural form; "other" is always there. */
export type Plural = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;
export type Message = string | Plural;
export type Key = keyof typeof en;
export type Catalogue = Record<Key, Message>;
export type Values = Record<string, string | number>;

/** Fills in a message. A plural is chosen by {count}. Numbers are written as the locale does. */
export function format(message: Message, values: Values, locale: string): string {
  const text = typeof message === 'string'
    ? message
    : message[new Intl.PluralRules(locale).select(Number(values.count ?? 0))] ?? message.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

/** The placeholders of a message, sorted: two languages must agree on them. */
export function placeholders(message: Message): string[] {
  const text = typeof message === 'string' ? message : message.other;
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''))].sort();
}

// The catalogue mechanism: a message is a text with {placeholders}, or one text
// per plural form. English is the reference; other languages must have its keys.
import { numberFormat, pluralRules } from '../lib/intl';
import type { en } from './en';

/** Texts by CLDR plural form; "other" is always there. */
export type Plural = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;
export type Message = string | Plural;
export type Key = keyof typeof en;
export type Catalogue = Record<Key, Message>;
export type Values = Record<string, string | number>;

/**
 * Fills in a message. A plural is chosen by {count}. Numbers are written as the
 * locale does. With isolate, texts keep their own direction inside the sentence
 * (Unicode UAX #9, first strong isolate): a Latin name in an Arabic one.
 */
export function format(message: Message, values: Values, locale: string, isolate = false): string {
  const text = typeof message === 'string'
    ? message
    : message[pluralRules(locale).select(Number(values.count ?? 0))] ?? message.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    if (typeof value === 'number') return numberFormat(locale).format(value);
    return isolate ? `\u2068${value}\u2069` : value;
  });
}

/** The placeholders of a message, sorted: two languages must agree on them. */
export function placeholders(message: Message): string[] {
  const text = typeof message === 'string' ? message : message.other;
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''))].sort();
}

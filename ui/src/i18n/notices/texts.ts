// What a notification says, in the language of the app. The server stores what
// happened (kind and params) and an English text; that text is only for mails and
// for kinds this version of the app does not know.
import { arabic, english } from '../../notices.generated';
import type { Notification } from '../../types';
import { format, type Message, type Values } from '../catalogue';
import type { Language } from '../i18n';
import { formatMoney } from '../../lib/money';

export type NoticeKind = keyof typeof english.kinds;
export type DeadlineKind = keyof typeof english.deadlines;

/** {amount}, {part}, {total} are money, {due} is a time, {count} how many came together. */
export interface Notice {
  title: string;
  /** Instead of the title, when several came together. */
  many?: Message;
  body?: string;
}

interface Catalogue {
  kinds: Record<NoticeKind, Notice>;
  deadlines: Record<DeadlineKind, string>;
  sentences: Record<string, string>;
}

export const catalogues: Record<Language, Catalogue> = {
  en: { ...english, sentences: {} },
  ar: arabic,
};

const money = ['amount', 'part', 'total', 'toFreelancer'] as const;

interface Place {
  language: Language;
  locale: string;
  /** Whether texts keep their own direction (in a right-to-left language). */
  isolate: boolean;
  /** Writes a time for the person. */
  moment: (at: number) => string;
}

export function sayNotice(notice: Pick<Notification, 'kind' | 'params' | 'count' | 'title' | 'body'>, { language, locale, isolate, moment }: Place): { title: string; body: string } {
  const { kinds, deadlines: happens, sentences: known } = catalogues[language];
  const texts: Notice | undefined = notice.kind in kinds ? kinds[notice.kind as NoticeKind] : undefined;
  const params = notice.params;
  if (!texts || !params) return { title: notice.title, body: notice.body };
  const text = (name: string) => (typeof params[name] === 'string' ? params[name] : '');
  const number = (name: string) => (typeof params[name] === 'number' ? params[name] : 0);
  const values: Values = { count: notice.count || 1, due: moment(number('dueAt')), deadlineText: happens[text('kind') as DeadlineKind] ?? '' };
  for (const name of money) values[name] = formatMoney(number(name), text('currency'), locale);
  for (const name of ['title', 'name', 'label', 'hint', 'note', 'reason', 'status']) values[name] = known[text(name)] ?? text(name);
  const fill = (message: Message) => format(message, values, locale, isolate).replaceAll('\u2068\u2069', '').trim();
  return { title: fill(notice.count > 1 && texts.many ? texts.many : texts.title), body: texts.body ? fill(texts.body) : '' };
}

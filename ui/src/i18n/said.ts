// What the marketplace says in a chat, in the language of the app. A message
// keeps what happened (topic and params) beside an English sentence; that sentence
// is for who uses the API, and for what this version of the app does not know.
import type { Message } from '../types';
import { formatMoney } from '../lib/money';
import { format } from './catalogue';
import { languages, useI18n, type Language } from './i18n';

const said: Record<Language, Record<string, string>> = {
  en: {
    'contract.created': 'The contract began. This chat is for the two of you.',
    'contract.ended': 'The contract was ended. {reason}',
    'contract.completed': 'The contract is complete.',
    'contract.member_added': '{who} joined.',
    'chat.member_left': '{who} left.',
    'milestone.submitted': 'Work was handed in for “{title}”.',
    'milestone.changes_requested': 'Changes were asked for in “{title}”.',
    'milestone.part_approved': 'A part of “{title}” was approved.',
    'milestone.approved': '“{title}” was approved.',
    'payment.held': '{amount} are held for “{title}”. Work can begin.',
    'review.published': 'A review of this contract was published.',
  },
  ar: {
    'contract.created': 'بدأ العقد. هذه المحادثة لكما وحدكما.',
    'contract.ended': 'أُنهي العقد. {reason}',
    'contract.completed': 'اكتمل العقد.',
    'contract.member_added': 'انضم إلى المحادثة: {who}.',
    'chat.member_left': 'غادر المحادثة: {who}.',
    'milestone.submitted': 'سُلّم العمل في «{title}».',
    'milestone.changes_requested': 'طُلبت تعديلات على «{title}».',
    'milestone.part_approved': 'اعتُمد جزء من «{title}».',
    'milestone.approved': 'اعتُمدت «{title}».',
    'payment.held': 'حُجز {amount} لأجل «{title}». يمكن بدء العمل.',
    'review.published': 'نُشر تقييم عن هذا العقد.',
  },
};

/** What a message of the marketplace says; names are of the people in the chat, by id. */
export function useSaid(names?: ReadonlyMap<string, string>): (message: Message) => string {
  const { t, language, locale } = useI18n();
  return (message) => {
    const { topic = '', params } = message;
    const text = said[language][topic];
    if (message.kind !== 'system' || !text || !params) return message.body;
    const word = (name: string) => (typeof params[name] === 'string' ? params[name] : '');
    const values = {
      title: word('title'), reason: word('reason'), who: names?.get(word('user')) || t('person.unnamed'),
      amount: formatMoney(typeof params.amount === 'number' ? params.amount : 0, word('currency'), locale),
    };
    return format(text, values, locale, languages[language].dir === 'rtl').replaceAll('\u2068\u2069', '').trim();
  };
}

// Searching one conversation; a hit leads to its place in it.
import { useEffect, useState } from 'react';
import { useMessageSearch } from '../../data/chats';
import { useI18n } from '../../i18n/i18n';
import { ErrorNotice } from '../../ui/feedback';
import { useDates } from '../../ui/show';
import { Snippet } from './found';

interface Props {
  chat: string;
  onChoose: (seq: number) => void;
}

/** Words as they are typed, settled a moment after the last key. */
export function useWords(): [string, string, (text: string) => void] {
  const [text, setText] = useState('');
  const [words, setWords] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setWords(text.trim()), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return [words, text, setText];
}

export function Find({ chat, onChoose }: Props) {
  const { t } = useI18n();
  const dates = useDates();
  const [words, text, setText] = useWords();
  const found = useMessageSearch(words, chat);
  return (
    <search className="block border-b border-line p-3">
      <label htmlFor="find-in-chat" className="sr-only">{t('messages.find')}</label>
      <input id="find-in-chat" type="search" dir="auto" autoFocus value={text} onChange={(event) => setText(event.target.value)} placeholder={t('messages.find')}
        className="block min-h-11 w-full rounded-[10px] border border-edge bg-surface px-3 placeholder:text-muted" />
      <ErrorNotice error={found.error} />
      <p role="status" className="sr-only">{found.data ? t('messages.found', { count: found.data.length }) : ''}</p>
      {found.data?.length === 0 && <p className="px-1 pt-3 text-sm text-muted">{t('messages.found', { count: 0 })}</p>}
      <ul className="max-h-60 overflow-y-auto">
        {found.data?.map((one) => (
          <li key={one.message.id}>
            <button type="button" onClick={() => onChoose(one.message.seq)} className="flex w-full items-baseline justify-between gap-3 rounded-lg px-2 py-2 text-start -outline-offset-2 hover:bg-sunken">
              <span className="truncate" dir="auto"><Snippet of={one} /></span>
              <span className="shrink-0 text-xs text-muted">{dates.day(one.message.created)}</span>
            </button>
          </li>
        ))}
      </ul>
    </search>
  );
}

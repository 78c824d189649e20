import { useRef, useState } from 'react';
import { command } from '../../api';
import { useI18n } from '../../i18n/i18n';
import { Icon } from '../../ui/icon';

interface Props {
  chat: string;
  onSend: (body: string) => void;
}

const drafts = new Map<string, string>();
const typingEveryMs = 3000;

/** Where a message is written. What is not sent yet is kept while the app is open. */
export function Composer({ chat, onSend }: Props) {
  const { t } = useI18n();
  const [text, setText] = useState(drafts.get(chat) ?? '');
  const told = useRef(0);
  const box = useRef<HTMLTextAreaElement>(null);
  const change = (value: string) => {
    setText(value);
    drafts.set(chat, value);
    const now = Date.now();
    if (value && now - told.current > typingEveryMs) {
      told.current = now;
      command('chats', `chats/${chat}/typing`, {}, crypto.randomUUID()).catch(() => undefined);
    }
  };
  const send = () => {
    const body = text.trim();
    if (!body) return;
    onSend(body.slice(0, 10000));
    setText('');
    drafts.delete(chat);
    told.current = 0;
    box.current?.focus();
  };
  return (
    <form className="flex items-end gap-2 border-t border-line p-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <label htmlFor={`write-${chat}`} className="sr-only">{t('messages.write')}</label>
      <textarea id={`write-${chat}`} ref={box} dir="auto" rows={1} value={text} placeholder={t('messages.write')} maxLength={10000}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          // On a touch keyboard Enter makes a new line: there is a button to send.
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing && matchMedia('(pointer: fine)').matches) {
            event.preventDefault();
            send();
          }
        }}
        className="field-sizing-content block max-h-40 min-h-11 flex-1 resize-none rounded-[10px] border border-edge bg-surface px-3 py-2.5 placeholder:text-muted" />
      <button type="submit" disabled={!text.trim()} aria-label={t('messages.send')} title={t('messages.send')}
        className="inline-flex size-11 shrink-0 items-center justify-center rounded-[10px] bg-primary text-on-primary hover:bg-primary-hover disabled:opacity-55">
        <Icon name="send" directed />
      </button>
    </form>
  );
}

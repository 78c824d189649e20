// One message: from a person, from the marketplace, or on its way.
import { memo, useEffect, useState } from 'react';
import { fileUrl } from '../../api';
import { useI18n } from '../../i18n/i18n';
import { useSaid } from '../../i18n/said';
import { conversation } from '../../live/conversation';
import type { Outgoing } from '../../live/log';
import type { Message } from '../../types';
import { IconButton } from '../../ui/button';
import { FileLink } from '../../ui/files';
import { useDates } from '../../ui/show';
import { Preview, Words } from './words';

interface BubbleProps {
  message: Message;
  before: Message | undefined;
  /** The message it answers, if it is loaded. */
  answered: Message | undefined;
  me: string;
  /** Names of the people in the chat, by id. */
  names: ReadonlyMap<string, string>;
  read: boolean;
  lastOfMine: boolean;
  onActions: (message: Message) => void;
  onReact: (message: Message, emoji: string) => void;
  onShow: (seq: number) => void;
}

export const Bubble = memo(function Bubble({ message, before, answered, me, names, read, lastOfMine, onActions, onReact, onShow }: BubbleProps) {
  const { t } = useI18n();
  const said = useSaid(names);
  const dates = useDates();
  const day = dates.weekday(message.created);
  const newDay = !before || dates.weekday(before.created) !== day;
  const mine = message.sender === me;
  const close = !newDay && before?.sender === message.sender && before.kind === message.kind;
  return (
    <>
      {newDay && (message.seq === 1 || before) && <p className="py-3 text-center text-xs font-semibold text-muted">{day}</p>}
      {message.kind === 'system' ? (
        <p className="mx-auto max-w-md py-2 text-center text-sm text-muted">{said(message)} <span className="text-xs whitespace-nowrap">{dates.time(message.created)}</span></p>
      ) : (
        <div className={`group flex items-center gap-1 ${close ? 'pt-0.5' : 'pt-2'} ${mine ? 'flex-row-reverse' : ''}`}>
          <div className={`max-w-[78%] ${mine ? 'items-end' : 'items-start'} flex min-w-0 flex-col`}>
            {!mine && !close && names.size > 2 && <p className="px-1 text-xs font-semibold text-muted" dir="auto">{names.get(message.sender)}</p>}
            {message.deletedAt ? <p className="rounded-2xl border border-dashed border-line px-3.5 py-2 text-sm text-muted italic">{t('messages.deleted')}</p> : (
              <div className={`max-w-full rounded-2xl px-3.5 py-2 ${mine ? 'rounded-ee-md bg-primary text-on-primary' : 'rounded-es-md bg-sunken'}`}>
                <p className="sr-only">{mine ? t('messages.you') : ''}</p>
                {message.replyTo && <Quote message={answered} names={names} onShow={onShow} />}
                {message.body && <Words message={message} names={names} />}
                <Preview message={message} />
                <Attachments message={message} />
                <p className="mt-0.5 text-end text-xs">{message.editedAt && `${t('messages.edited')} · `}<time dateTime={message.created.replace(' ', 'T')}>{dates.time(message.created)}</time></p>
              </div>
            )}
            <Reactions message={message} me={me} names={names} onReact={onReact} />
          </div>
          {!message.deletedAt && <IconButton icon="dots" label={t('messages.actions')} className="size-9 opacity-60 group-hover:opacity-100 focus-visible:opacity-100" onClick={() => onActions(message)} />}
        </div>
      )}
      {lastOfMine && <p className="pt-0.5 text-end text-xs text-muted">{read ? t('messages.read') : t('messages.sent')}</p>}
    </>
  );
});

function Quote({ message, names, onShow }: { message: Message | undefined; names: ReadonlyMap<string, string>; onShow: (seq: number) => void }) {
  const { t } = useI18n();
  if (!message) return <p className="mb-1 border-s-2 border-current ps-2 text-sm italic">{t('messages.earlier')}</p>;
  return (
    <button type="button" onClick={() => onShow(message.seq)} className="mb-1 block max-w-full border-s-2 border-current ps-2 text-start text-sm">
      <span className="block font-semibold" dir="auto">{names.get(message.sender) ?? ''}</span>
      <span className="line-clamp-2" dir="auto">{message.deletedAt ? t('messages.deleted') : message.body}</span>
    </button>
  );
}

function Reactions({ message, me, names, onReact }: { message: Message; me: string; names: ReadonlyMap<string, string>; onReact: BubbleProps['onReact'] }) {
  const { t } = useI18n();
  const all = Object.entries(message.reactions ?? {});
  if (all.length === 0) return null;
  return (
    <ul className="mt-1 flex flex-wrap gap-1">
      {all.map(([emoji, users]) => {
        const who = users.map((user) => names.get(user) ?? '').filter(Boolean).join(', ');
        return (
          <li key={emoji}>
            <button type="button" aria-pressed={users.includes(me)} title={who} onClick={() => onReact(message, emoji)}
              className="figures inline-flex min-h-7 items-center gap-1 rounded-full border border-line bg-surface px-2 text-sm text-ink aria-pressed:border-primary aria-pressed:bg-soft">
              {emoji} {users.length}<span className="sr-only">{t('messages.reaction', { names: who })}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Pictures are shown small, everything else is a link. */
function Attachments({ message }: { message: Message }) {
  if (!message.attachments?.length) return null;
  return (
    <ul className="mt-1 space-y-1">
      {message.attachments.map((file) => (
        <li key={file}>
          {/\.(png|jpe?g|gif|webp)$/i.test(file) && <Picture message={message} file={file} />}
          <FileLink domain="chats" record={message} file={file} className="text-current" />
        </li>
      ))}
    </ul>
  );
}

function Picture({ message, file }: { message: Message; file: string }) {
  const [url, setUrl] = useState('');
  useEffect(() => {
    let gone = false;
    fileUrl('chats', message, file, { thumb: '320x0' }).then((one) => { if (!gone) setUrl(one); }, () => undefined);
    return () => { gone = true; };
  }, [message, file]);
  // Its room is kept, so that nothing jumps when it arrives.
  return <span className="block h-40 w-56 max-w-full overflow-hidden rounded-lg bg-sunken">{url && <img src={url} alt="" className="size-full object-cover" />}</span>;
}

/** A message on its way, or one that did not get through. */
export function Sending({ one, chat }: { one: Outgoing; chat: string }) {
  const { t } = useI18n();
  const failed = one.state === 'failed';
  return (
    <div className="flex flex-col items-end pt-2">
      <div className={`max-w-[82%] rounded-2xl rounded-ee-md px-3.5 py-2 ${failed ? 'border border-danger bg-danger-soft text-danger' : 'bg-primary text-on-primary'}`}>
        {one.body && <p className="prose-text" dir="auto">{one.body}</p>}
        {one.files?.map((file) => <p key={file.name} className="truncate text-sm underline" dir="auto">{file.name}</p>)}
      </div>
      {failed ? (
        <p className="flex items-center gap-1 text-xs text-danger">
          {t('messages.failed')}
          <button type="button" className="min-h-8 px-1 font-semibold underline" onClick={() => conversation(chat).retry(one.clientId)}>{t('action.retry')}</button>
          <IconButton icon="close" label={t('messages.discard')} className="size-8" onClick={() => conversation(chat).discard(one.clientId)} />
        </p>
      ) : <p className="text-xs text-muted">{t('messages.sending')}</p>}
    </div>
  );
}

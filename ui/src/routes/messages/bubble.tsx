// One message: from a person, from the marketplace, or on its way.
import { memo } from 'react';
import { useI18n } from '../../i18n/i18n';
import { conversation } from '../../live/conversation';
import type { Outgoing } from '../../live/log';
import type { Message } from '../../types';
import { IconButton } from '../../ui/button';
import { useDates } from '../../ui/show';

interface BubbleProps {
  message: Message;
  before: Message | undefined;
  me: string;
  read: boolean;
  lastOfMine: boolean;
}

export const Bubble = memo(function Bubble({ message, before, me, read, lastOfMine }: BubbleProps) {
  const { t } = useI18n();
  const dates = useDates();
  const day = dates.weekday(message.created);
  const newDay = !before || dates.weekday(before.created) !== day;
  const mine = message.sender === me;
  const close = !newDay && before?.sender === message.sender && before.kind === message.kind;
  return (
    <>
      {newDay && (message.seq === 1 || before) && <p className="py-3 text-center text-xs font-semibold text-muted">{day}</p>}
      {message.kind === 'system' ? (
        <p className="mx-auto max-w-md py-2 text-center text-sm text-muted"><bdi>{message.body}</bdi> <span className="text-xs whitespace-nowrap">{dates.time(message.created)}</span></p>
      ) : (
        <div className={`flex ${close ? 'pt-0.5' : 'pt-2'} ${mine ? 'justify-end' : 'justify-start'}`}>
          <div className={`max-w-[82%] rounded-2xl px-3.5 py-2 ${mine ? 'rounded-ee-md bg-primary text-on-primary' : 'rounded-es-md bg-sunken'}`}>
            <p className="sr-only">{mine ? t('messages.you') : ''}</p>
            <p className="prose-text" dir="auto">{message.body}</p>
            <p className="mt-0.5 text-end text-xs opacity-90"><time dateTime={message.created.replace(' ', 'T')}>{dates.time(message.created)}</time></p>
          </div>
        </div>
      )}
      {lastOfMine && <p className="pt-0.5 text-end text-xs text-muted">{read ? t('messages.read') : t('messages.sent')}</p>}
    </>
  );
});

/** A message on its way, or one that did not get through. */
export function Sending({ one, chat }: { one: Outgoing; chat: string }) {
  const { t } = useI18n();
  const failed = one.state === 'failed';
  return (
    <div className="flex flex-col items-end pt-2">
      <div className={`max-w-[82%] rounded-2xl rounded-ee-md px-3.5 py-2 ${failed ? 'border border-danger bg-danger-soft text-danger' : 'bg-primary text-on-primary'}`}>
        <p className="prose-text" dir="auto">{one.body}</p>
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

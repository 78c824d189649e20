// One conversation. Because messages are numbered without gaps, the number of
// rows is known before they are loaded: the list is virtual over seq, and what
// comes into view is fetched.
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'react-router';
import { chats, command } from '../../api';
import { nameOf, type ChatRow } from '../../data/chats';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { conversation, useLog } from '../../live/conversation';
import type { Message } from '../../types';
import { Button, IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Avatar, useDates, useName } from '../../ui/show';
import { Composer } from './composer';
import type { Outgoing } from '../../live/log';

interface Props {
  row: ChatRow;
  /** Beside a contract: without the bar that leads back and to the contract. */
  beside?: boolean;
}

export default function Conversation({ row, beside = false }: Props) {
  const { t } = useI18n();
  const me = useMe()?.id ?? '';
  const name = useName();
  const chat = row.chat.id;
  const one = conversation(chat);
  const log = useLog(chat);
  const other = row.others[0];
  const typing = useTyping(chat, me);
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(0);

  useEffect(() => one.knowOf(row.chat.lastSeq), [one, row.chat.lastSeq]);

  const count = log.lastSeq + log.outgoing.length;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => list.current,
    estimateSize: () => 60,
    overscan: 12,
    getItemKey: useCallback((index: number) => (index < log.lastSeq ? index + 1 : log.outgoing[index - log.lastSeq]?.clientId ?? index), [log]),
  });
  const items = virtual.getVirtualItems();
  const firstShown = (items[0]?.index ?? 0) + 1;
  const lastShown = (items.at(-1)?.index ?? 0) + 1;

  useEffect(() => {
    if (log.lastSeq > 0) one.ensure(Math.max(1, firstShown - 20), Math.min(log.lastSeq, lastShown + 5));
  }, [one, firstShown, lastShown, log]);

  // Stay at the end while the reader is there; otherwise say that something came.
  const seen = useRef(0);
  useLayoutEffect(() => {
    if (count === 0) return;
    if (atEnd.current) {
      virtual.scrollToIndex(count - 1, { align: 'end' });
      setAway(0);
    } else if (count > seen.current && seen.current > 0) setAway((before) => before + count - seen.current);
    seen.current = count;
  }, [count, virtual]);
  const total = virtual.getTotalSize();
  useLayoutEffect(() => {
    if (atEnd.current && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [total]);

  useRead(row, log.lastSeq, atEnd);

  const onScroll = () => {
    const box = list.current;
    if (!box) return;
    atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
    if (atEnd.current && away > 0) setAway(0);
  };
  const toEnd = () => {
    atEnd.current = true;
    setAway(0);
    virtual.scrollToIndex(count - 1, { align: 'end' });
  };
  const mineLast = useMemo(() => lastMine(log.messages, log.lastSeq, me), [log, me]);
  const readByOther = other?.lastReadSeq ?? 0;
  const lastIncoming = useMemo(() => {
    const message = log.messages.get(log.lastSeq);
    return message && message.sender !== me ? message : undefined;
  }, [log, me]);

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {!beside ? (
        <header className="flex items-center gap-2 border-b border-line px-2 py-2 md:px-4">
          <Link to="/messages" aria-label={t('messages.back')} className="inline-flex size-11 items-center justify-center rounded-[10px] text-muted hover:bg-sunken md:hidden"><Icon name="back" directed /></Link>
          <Avatar person={other?.expand?.user} />
          <div className="min-w-0 flex-1 ps-1">
            <h2 className="truncate font-semibold" dir="auto">{nameOf(other) || t('person.unnamed')}</h2>
            <p className="truncate text-sm text-muted" dir="auto">{row.chat.title}</p>
          </div>
          {row.chat.contract && <Link to={`/contracts/${row.chat.contract}`} className="inline-flex min-h-9 items-center rounded-lg border border-line px-3 text-sm font-medium hover:border-edge">{t('contract.title')}</Link>}
        </header>
      ) : <h2 className="border-b border-line px-4 py-3 font-semibold">{t('contract.chat')}</h2>}
      <div className="relative min-h-0 flex-1">
        {/* eslint-disable-next-line -- a scrolling log must be reachable by keyboard */}
        <div ref={list} onScroll={onScroll} role="log" aria-live="off" aria-label={t('messages.conversation')} tabIndex={0} className="absolute inset-0 overflow-y-auto overscroll-contain px-3 py-3 -outline-offset-2 sm:px-4">
          <div className="relative w-full" style={{ height: total }}>
            {items.map((item) => {
              const message = log.messages.get(item.index + 1);
              const before = log.messages.get(item.index);
              const sending = item.index >= log.lastSeq ? log.outgoing[item.index - log.lastSeq] : undefined;
              return (
                <div key={item.key} ref={virtual.measureElement} data-index={item.index} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${item.start}px)` }}>
                  {sending ? <Sending one={sending} chat={chat} />
                    : message ? <Bubble message={message} before={before} me={me} read={message.seq <= readByOther} lastOfMine={message.seq === mineLast} />
                      : <div aria-hidden="true" className={`py-1.5 ${item.index % 3 === 0 ? 'ps-24' : 'pe-24'}`}><span className="shimmer block h-11 rounded-2xl" /></div>}
                </div>
              );
            })}
          </div>
          {count === 0 && <p className="py-10 text-center text-muted">{t('messages.first')}</p>}
        </div>
        {away > 0 && <Button small icon="down" className="absolute inset-x-0 bottom-3 mx-auto w-fit shadow-card" onClick={toEnd}>{t('messages.new', { count: away })}</Button>}
      </div>
      <p role="status" className="h-5 truncate px-4 text-xs text-muted">{typing ? t('messages.typing', { name: name(other?.expand?.user) }) : ''}</p>
      <p aria-live="polite" className="sr-only">{lastIncoming ? `${nameOf(other)}: ${lastIncoming.body}` : ''}</p>
      <Composer chat={chat} onSend={(body) => { atEnd.current = true; one.send(body); }} />
    </div>
  );
}

/** The seq of my latest message among those loaded near the end. */
function lastMine(messages: ReadonlyMap<number, Message>, lastSeq: number, me: string): number {
  for (let seq = lastSeq; seq > Math.max(0, lastSeq - 60); seq--) if (messages.get(seq)?.sender === me) return seq;
  return 0;
}

/** Whether the other is typing; forgotten after five seconds or at their message. */
function useTyping(chat: string, me: string): boolean {
  const [typing, setTyping] = useState(false);
  const { lastSeq } = useLog(chat);
  useEffect(() => setTyping(false), [lastSeq]);
  useEffect(() => {
    let timer = 0;
    const topic = `chats/${chat}/typing`;
    const listening = chats.client.realtime.subscribe(topic, (event: { user?: string }) => {
      if (event.user === me) return;
      setTyping(true);
      clearTimeout(timer);
      timer = window.setTimeout(() => setTyping(false), 5000);
    });
    listening.catch(() => undefined);
    return () => {
      clearTimeout(timer);
      void listening.then((stop) => stop()).catch(() => undefined);
    };
  }, [chat, me]);
  return typing;
}

/** Tells the server what was seen: only while the page is visible and the end in view. */
function useRead(row: ChatRow, lastSeq: number, atEnd: React.RefObject<boolean>): void {
  const told = useRef(row.mine.lastReadSeq);
  const chat = row.chat.id;
  useEffect(() => {
    const tell = () => {
      if (document.visibilityState !== 'visible' || !atEnd.current || lastSeq <= told.current) return;
      const before = told.current;
      told.current = lastSeq;
      command('chats', `chats/${chat}/read`, { seq: lastSeq }, crypto.randomUUID()).catch(() => { told.current = before; });
    };
    const timer = setInterval(tell, 700);
    tell();
    return () => clearInterval(timer);
  }, [chat, lastSeq, atEnd]);
}

interface BubbleProps {
  message: Message;
  before: Message | undefined;
  me: string;
  read: boolean;
  lastOfMine: boolean;
}

const Bubble = memo(function Bubble({ message, before, me, read, lastOfMine }: BubbleProps) {
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
function Sending({ one, chat }: { one: Outgoing; chat: string }) {
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

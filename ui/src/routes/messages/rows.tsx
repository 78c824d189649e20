// The messages of a conversation. Because they are numbered without gaps, the
// number of rows is known before they are loaded: the list is virtual over seq,
// begins at its end, and fetches what comes into view.
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState, type Ref, type RefObject } from 'react';
import { useI18n } from '../../i18n/i18n';
import { conversation, useLog } from '../../live/conversation';
import type { Message } from '../../types';
import { Button } from '../../ui/button';
import { Bubble, Sending } from './bubble';
import { Places } from './places';

export interface RowsHandle {
  /** Scrolls to a message and marks it. */
  show: (seq: number) => void;
}

interface Props {
  ref: Ref<RowsHandle>;
  chat: string;
  me: string;
  names: ReadonlyMap<string, string>;
  /** How far the other has read. */
  readByOther: number;
  /** Whether the reader is at the end; kept up to date by this component. */
  atEnd: RefObject<boolean>;
  onActions: (message: Message) => void;
  onReact: (message: Message, emoji: string) => void;
}

/** A guess at a row's height, until it is measured. */
const rowHeight = 60;
/** This near the end counts as being there. */
const nearEnd = 80;
/** So many rows above those in view are fetched, too: whoever scrolls quickly still finds them there. */
const ahead = 100;

export function Rows({ ref, chat, me, names, readByOther, atEnd, onActions, onReact }: Props) {
  const { t } = useI18n();
  const one = conversation(chat);
  const log = useLog(chat);
  const box = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const [away, setAway] = useState(0);
  const [marked, setMarked] = useState(0);

  const count = log.lastSeq + log.outgoing.length;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    initialOffset: () => count * rowHeight,
    overscan: 10,
    getItemKey: useCallback((index: number) => (index < log.lastSeq ? index + 1 : log.outgoing[index - log.lastSeq]?.clientId ?? index), [log.lastSeq, log.outgoing]), // all rows are laid out anew when it changes
  });
  const items = virtual.getVirtualItems();
  const total = virtual.getTotalSize();
  const first = (items[0]?.index ?? 0) + 1;
  const last = (items.at(-1)?.index ?? 0) + 1;

  useEffect(() => {
    if (items.length > 0) one.ensure(Math.max(1, first - ahead), Math.min(log.lastSeq, last + 5));
  }, [one, first, last, log, items.length]);

  // The reader stays at the end while there; rows that turn out higher do not push
  // the last one away. Once a frame: each move measures rows, which moves again.
  const pinning = useRef(0);
  const pin = useCallback(() => {
    if (!atEnd.current || pinning.current !== 0) return;
    pinning.current = requestAnimationFrame(() => {
      pinning.current = 0;
      if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
    });
  }, [atEnd]);
  useLayoutEffect(pin, [total, pin]);
  useEffect(() => {
    // A keyboard that comes up takes room away: the last message stays in sight.
    const watch = new ResizeObserver(pin);
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, [pin]);
  const seen = useRef(count);
  useEffect(() => {
    const more = count - seen.current;
    seen.current = count;
    if (!atEnd.current && more > 0) setAway((before) => before + more);
  }, [count, atEnd]);

  const onScroll = () => {
    if (!box.current) return;
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    if (scrollHeight - scrollTop - clientHeight < nearEnd) {
      atEnd.current = true;
      if (away > 0) setAway(0);
    } else if (scrollTop < lastTop.current) atEnd.current = false; // only the reader goes up
    lastTop.current = scrollTop;
  };
  const toEnd = () => {
    atEnd.current = true;
    setAway(0);
    virtual.scrollToIndex(count - 1, { align: 'end' });
  };
  const show = useCallback((seq: number) => {
    atEnd.current = false;
    setMarked(seq);
    virtual.scrollToIndex(seq - 1, { align: 'center' });
  }, [virtual, atEnd]);
  useImperativeHandle(ref, () => ({ show }), [show]);
  const answered = useMemo(() => finder(log.messages), [log.messages]);
  const [places] = useState(() => new Places());
  const { shift, tops } = places.lay(items);

  const mineLast = useMemo(() => lastMine(log.messages, log.lastSeq, me), [log, me]);
  return (
    <>
      <div ref={box} onScroll={onScroll} role="log" aria-live="off" aria-label={t('messages.conversation')} tabIndex={0} className="absolute inset-0 overflow-y-auto overscroll-contain contain-strict px-3 py-3 -outline-offset-2 sm:px-4">
        <div className="relative w-full" style={{ height: total }}>
          <div className="absolute inset-x-0 top-0" style={{ transform: `translateY(${shift}px)` }}>
            {items.map((item, place) => {
              const message = log.messages.get(item.index + 1);
              const sending = log.outgoing[item.index - log.lastSeq];
              return (
                <div key={item.key} ref={virtual.measureElement} data-index={item.index} className={`absolute inset-x-0 rounded-xl ${marked === item.index + 1 ? 'bg-warn-soft' : ''}`} style={{ top: tops[place] }}>
                  {sending ? <Sending one={sending} chat={chat} />
                    : message ? <Bubble message={message} before={log.messages.get(item.index)} answered={message.replyTo ? answered(message.replyTo) : undefined} me={me} names={names} onActions={onActions} onReact={onReact} onShow={show} read={message.seq <= readByOther} lastOfMine={message.seq === mineLast} />
                      : <div aria-hidden="true" className={`py-1.5 ${item.index % 3 === 0 ? 'ps-24' : 'pe-24'}`}><span className="shimmer block h-11 rounded-2xl" /></div>}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {away > 0 && <Button small icon="down" className="absolute inset-x-0 bottom-3 mx-auto w-fit shadow-card" onClick={toEnd}>{t('messages.new', { count: away })}</Button>}
    </>
  );
}

/** Finds messages by id; most chats have no answers, so the index is made when one is looked for. */
function finder(messages: ReadonlyMap<number, Message>): (id: string) => Message | undefined {
  let byId: Map<string, Message> | undefined;
  return (id) => (byId ??= new Map([...messages.values()].map((message) => [message.id, message]))).get(id);
}

/** The seq of my latest message among those loaded near the end. */
function lastMine(messages: ReadonlyMap<number, Message>, lastSeq: number, me: string): number {
  for (let seq = lastSeq; seq > Math.max(0, lastSeq - 60); seq--) if (messages.get(seq)?.sender === me) return seq;
  return 0;
}

// One conversation: who it is with, its messages, and what one writes.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { chats, command } from '../../api';
import { nameOf, usePresence, type ChatRow } from '../../data/chats';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { useSaid } from '../../i18n/said';
import { conversation, useLog } from '../../live/conversation';
import type { Message } from '../../types';
import { Button, IconButton } from '../../ui/button';
import { useSentence, useToast } from '../../ui/feedback';
import { Icon } from '../../ui/icon';
import { Avatar, useName } from '../../ui/show';
import { MessageActions, react } from './actions';
import { ChatMenu, Mute, useBlock } from './chat-menu';
import { Composer } from './composer';
import { Find } from './find';
import { Rows, type RowsHandle } from './rows';

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
  const atEnd = useRef(true);
  const rows = useRef<RowsHandle>(null);
  const [finding, setFinding] = useState(false);
  const [chosen, setChosen] = useState<Message | null>(null);
  const [about, setAbout] = useState<{ message: Message; how: 'reply' | 'edit' } | null>(null);
  const online = usePresence().data?.includes(other?.user ?? '') ?? false;
  const { block, toggle } = useBlock(row);
  const say = useToast();
  const sentence = useSentence();
  const names = useMemo(() => new Map([row.mine, ...row.others].map((member) => [member.user, nameOf(member)])), [row]);
  const said = useSaid(names);
  const others = useMemo(() => row.others.map((member) => ({ id: member.user, name: nameOf(member) })), [row]);
  const onReact = useCallback((message: Message, emoji: string) => void react(message, emoji, me).catch((error: unknown) => say(sentence(error))), [me, say, sentence]);
  useLinkedMessage(chat, rows);

  useEffect(() => one.knowOf(row.chat.lastSeq), [one, row.chat.lastSeq]);
  useRead(row, log.lastSeq, atEnd);

  const lastIncoming = useMemo(() => {
    const message = log.messages.get(log.lastSeq);
    return message && message.sender !== me ? message : undefined;
  }, [log, me]);

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {!beside ? (
        <header className="flex items-center gap-2 border-b border-line px-2 py-2 md:px-4">
          <Link to="/messages" aria-label={t('messages.back')} className="inline-flex size-11 items-center justify-center rounded-[10px] text-muted hover:bg-sunken md:hidden"><Icon name="back" directed /></Link>
          <span className="relative"><Avatar person={other?.expand?.user} /><Here online={online} /></span>
          <div className="min-w-0 flex-1 ps-1">
            <h2 className="truncate font-semibold" dir="auto">{row.chat.kind === 'group' ? row.chat.title : nameOf(other) || t('person.unnamed')}</h2>
            <p className="truncate text-sm text-muted" dir="auto">{online && row.chat.kind !== 'group' ? `${t('messages.online')} · ` : ''}{row.chat.kind === 'group' ? others.map((one) => one.name).join(', ') : row.chat.title}</p>
          </div>
          <IconButton icon="search" label={t('messages.find')} aria-expanded={finding} onClick={() => setFinding(!finding)} />
          <span className="max-sm:hidden"><Mute row={row} /></span>
          {row.chat.contract && <Link to={`/contracts/${row.chat.contract}`} title={t('contract.open')} className="inline-flex size-11 items-center justify-center rounded-[10px] text-muted hover:bg-sunken hover:text-ink max-sm:hidden"><Icon name="briefcase" /><span className="sr-only">{t('contract.open')}</span></Link>}
          <ChatMenu row={row} />
        </header>
      ) : <h2 className="border-b border-line px-4 py-3 font-semibold">{t('contract.chat')}</h2>}
      {finding && <Find chat={chat} onChoose={(seq) => rows.current?.show(seq)} />}
      <div className="relative min-h-0 flex-1">
        {log.lastSeq + log.outgoing.length > 0
          ? <Rows ref={rows} chat={chat} me={me} names={names} readByOther={other?.lastReadSeq ?? 0} atEnd={atEnd} onActions={setChosen} onReact={onReact} />
          : <p className="py-10 text-center text-muted">{t('messages.first')}</p>}
      </div>
      <p role="status" className="h-5 truncate px-4 text-xs text-muted">{typing ? t('messages.typing', { name: name(other?.expand?.user) }) : ''}</p>
      <p aria-live="polite" className="sr-only">{lastIncoming ? `${lastIncoming.kind === 'system' ? '' : `${nameOf(other)}: `}${said(lastIncoming)}` : ''}</p>
      {block ? (
        <div className="flex flex-wrap items-center justify-between gap-2 border-t border-line p-3 text-sm text-muted"><p>{t('messages.youBlocked')}</p><Button look="plain" small busy={toggle.isPending} onClick={() => toggle.mutate()}>{t('messages.unblock')}</Button></div>
      ) : <Composer chat={chat} others={others} about={about} onAbout={setAbout} onSend={(body, more) => { atEnd.current = true; one.send(body, more); }} />}
      <MessageActions message={chosen} me={me} onClose={() => setChosen(null)} onReply={(message) => setAbout({ message, how: 'reply' })} onEdit={(message) => setAbout({ message, how: 'edit' })} />
    </div>
  );
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

/** A dot on a picture: this person is here now. The words beside it say so too. */
export function Here({ online }: { online: boolean }) {
  return online ? <span aria-hidden="true" className="absolute end-0 bottom-0 size-3 rounded-full border-2 border-surface bg-primary" /> : null;
}

/** A link to one message (from a notification or a search) leads to its place. */
function useLinkedMessage(chat: string, rows: React.RefObject<RowsHandle | null>): void {
  const [params, setParams] = useSearchParams();
  const linked = params.get('message') ?? '';
  const lastSeq = useLog(chat).lastSeq;
  useEffect(() => {
    if (!linked || lastSeq === 0) return;
    let gone = false;
    chats.messages.getOne(linked).then((message) => {
      if (gone || message.chat !== chat) return;
      rows.current?.show(message.seq);
      setParams((before) => { before.delete('message'); return before; }, { replace: true });
    }, () => undefined);
    return () => { gone = true; };
  }, [linked, chat, lastSeq > 0, rows, setParams]); // once the rows are there
}

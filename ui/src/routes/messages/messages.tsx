// The list of chats, and the chosen one beside it (or in its place, on a phone).
import { lazy, Suspense, useEffect, useState } from 'react';
import { Link, NavLink, useParams } from 'react-router';
import { nameOf, useChats, useMessageSearch, usePresence, usePreviews, type ChatRow } from '../../data/chats';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { part } from '../../lib/part';
import { useSaid } from '../../i18n/said';
import { setPageTitle } from '../../lib/title';
import type { Message } from '../../types';
import { Empty, ErrorNotice, Skeleton, SkeletonRows } from '../../ui/feedback';
import { Icon } from '../../ui/icon';
import { Ago, Avatar, Count } from '../../ui/show';
import { useWords } from './find';
import { Snippet } from './found';

const Conversation = lazy(part(() => import('./conversation')));

export default function Messages() {
  const { id = '' } = useParams();
  const { t } = useI18n();
  const me = useMe()?.id ?? '';
  const chats = useChats(me);
  const previews = usePreviews(chats.data);
  const row = chats.data?.find((one) => one.chat.id === id);
  const online = usePresence().data;
  const [archived, setArchived] = useState(false);
  const [words, text, setText] = useWords();
  const shown = chats.data?.filter((one) => one.mine.archived === archived) ?? [];
  const anyArchived = chats.data?.some((one) => one.mine.archived) ?? false;
  const title = row ? nameOf(row.others[0]) || row.chat.title : t('nav.messages');
  useEffect(() => setPageTitle(title), [title]);
  return (
    <div className="mx-auto flex min-h-0 w-full max-w-6xl flex-1 md:gap-4 md:p-4">
      <h1 className="sr-only">{title}</h1>
      <section aria-label={t('messages.list')} className={`w-full flex-col md:flex md:w-80 md:shrink-0 ${id ? 'hidden' : 'flex'}`}>
        <div className="flex items-center justify-between px-4 pt-5 pb-3 md:px-1 md:pt-1">
          <h2 className="text-2xl font-bold tracking-tight">{archived ? t('messages.archived') : t('nav.messages')}</h2>
          {(anyArchived || archived) && <button type="button" aria-pressed={archived} onClick={() => setArchived(!archived)} className="inline-flex min-h-9 items-center gap-1.5 rounded-lg px-2 text-sm font-medium text-muted hover:bg-sunken hover:text-ink"><Icon name="archive" className="size-4" />{archived ? t('messages.showCurrent') : t('messages.archived')}</button>}
        </div>
        <search className="relative mb-3 block px-4 md:px-0">
          <label htmlFor="find-message" className="sr-only">{t('messages.findAll')}</label>
          <Icon name="search" className="pointer-events-none absolute start-7 top-3 size-5 text-muted md:start-3" />
          <input id="find-message" type="search" dir="auto" value={text} onChange={(event) => setText(event.target.value)} placeholder={t('messages.findAll')} className="block min-h-11 w-full rounded-[10px] border border-edge bg-surface px-10 placeholder:text-muted" />
        </search>
        <ErrorNotice error={chats.error} onRetry={() => void chats.refetch()} />
        {chats.isPending && <div className="px-4 md:px-0"><SkeletonRows count={4} className="h-16" /></div>}
        {chats.data?.length === 0 && <div className="px-4 md:px-0"><Empty icon="chat" title={t('messages.none')} text={t('messages.noneText')} /></div>}
        {words ? <FoundMessages words={words} rows={chats.data ?? []} onChoose={() => setText('')} /> : (
          <ul className="md:card min-h-0 flex-1 divide-y divide-line overflow-y-auto md:empty:hidden">
            {shown.map((one) => <li key={one.chat.id}><ChatLink row={one} preview={previews.data?.get(one.chat.id)} me={me} online={online?.includes(one.others[0]?.user ?? '') ?? false} /></li>)}
          </ul>
        )}
      </section>
      <section aria-label={t('messages.conversation')} className={`min-w-0 flex-1 flex-col overflow-hidden md:card md:flex ${id ? 'flex bg-surface' : 'hidden'}`}>
        {row ? <Suspense fallback={<Skeleton className="m-5 h-40" />}><Conversation key={row.chat.id} row={row} /></Suspense>
          : <div className="m-auto p-6">{chats.isPending ? <Skeleton className="h-24 w-64" /> : <Empty icon="chat" title={id ? t('messages.gone') : t('messages.choose')} />}</div>}
      </section>
    </div>
  );
}

/** Hits in all chats; each leads to its place. */
function FoundMessages({ words, rows, onChoose }: { words: string; rows: readonly ChatRow[]; onChoose: () => void }) {
  const { t } = useI18n();
  const found = useMessageSearch(words);
  return (
    <div className="md:card min-h-0 flex-1 overflow-y-auto">
      <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      {found.isPending && <div className="p-4"><SkeletonRows count={3} className="h-12" /></div>}
      <p role="status" className="px-4 py-2 text-sm text-muted">{found.data ? t('messages.found', { count: found.data.length }) : ''}</p>
      <ul className="divide-y divide-line">
        {found.data?.map((one) => {
          const row = rows.find((other) => other.chat.id === one.message.chat);
          return (
            <li key={one.message.id}>
              <Link to={`/messages/${one.message.chat}?message=${one.message.id}`} onClick={onChoose} className="block px-4 py-3 -outline-offset-2 hover:bg-sunken">
                <span className="flex items-baseline justify-between gap-2"><span className="truncate text-sm font-medium" dir="auto">{nameOf(row?.others[0]) || t('person.unnamed')}</span><Ago at={one.message.created} className="shrink-0 text-xs text-muted" /></span>
                <span className="line-clamp-2 text-sm text-muted" dir="auto"><Snippet of={one} /></span>
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function ChatLink({ row, preview, me, online }: { row: ChatRow; preview: Message | undefined; me: string; online: boolean }) {
  const { t } = useI18n();
  const said = useSaid();
  const other = row.others[0];
  const name = nameOf(other) || t('person.unnamed');
  return (
    <NavLink to={`/messages/${row.chat.id}`} className="flex gap-3 px-4 py-3.5 -outline-offset-2 hover:bg-sunken aria-[current=page]:bg-soft">
      <span className="relative h-fit"><Avatar person={other?.expand?.user} className="size-11" />{online && <span className="absolute end-0 bottom-0 size-3 rounded-full border-2 border-surface bg-primary"><span className="sr-only">{t('messages.online')}</span></span>}</span>
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline justify-between gap-2">
          <span className={`truncate ${row.unread > 0 ? 'font-bold' : 'font-medium'}`} dir="auto">{name}</span>
          {row.chat.lastMessageAt && <Ago at={row.chat.lastMessageAt} className="shrink-0 text-xs text-muted" />}
        </span>
        <span className="block truncate text-sm text-muted" dir="auto">{row.chat.title}</span>
        <span className="flex items-center justify-between gap-2">
          <span className={`truncate text-sm ${row.unread > 0 ? 'font-semibold text-ink' : 'text-muted'}`} dir="auto">
            {preview ? `${preview.sender === me ? `${t('messages.you')} ` : ''}${preview.deletedAt ? t('messages.deleted') : said(preview)}` : '\u00a0'}
          </span>
          <span className="flex items-center gap-1">{row.mine.mentions > 0 && <span className="font-bold text-danger" title={t('messages.mentioned')}><span aria-hidden="true">@</span><span className="sr-only">{t('messages.mentioned')}</span></span>}{row.mine.muted && <Icon name="muted" className="size-4 text-muted" />}<Count of={row.unread} label={t('nav.unreadMessages', { count: row.unread })} /></span>
        </span>
      </span>
    </NavLink>
  );
}

// The list of chats, and the chosen one beside it (or in its place, on a phone).
import { lazy, Suspense } from 'react';
import { NavLink, useParams } from 'react-router';
import { nameOf, useChats, usePreviews, type ChatRow } from '../../data/chats';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { useEffect } from 'react';
import { setPageTitle } from '../../lib/title';
import type { Message } from '../../types';
import { Empty, ErrorNotice, Skeleton, SkeletonRows } from '../../ui/feedback';
import { Ago, Avatar, Count } from '../../ui/show';

const Conversation = lazy(() => import('./conversation'));

export default function Messages() {
  const { id = '' } = useParams();
  const { t } = useI18n();
  const me = useMe()?.id ?? '';
  const chats = useChats(me);
  const previews = usePreviews(chats.data);
  const row = chats.data?.find((one) => one.chat.id === id);
  const title = row ? nameOf(row.others[0]) || row.chat.title : t('nav.messages');
  useEffect(() => setPageTitle(title), [title]);
  return (
    <div className="mx-auto flex min-h-0 w-full max-w-6xl flex-1 md:gap-4 md:p-4">
      <h1 className="sr-only">{title}</h1>
      <section aria-label={t('messages.list')} className={`w-full flex-col md:flex md:w-80 md:shrink-0 ${id ? 'hidden' : 'flex'}`}>
        <h2 className="px-4 pt-5 pb-3 text-2xl font-bold tracking-tight md:px-1 md:pt-1">{t('nav.messages')}</h2>
        <ErrorNotice error={chats.error} onRetry={() => void chats.refetch()} />
        {chats.isPending && <div className="px-4 md:px-0"><SkeletonRows count={4} className="h-16" /></div>}
        {chats.data?.length === 0 && <div className="px-4 md:px-0"><Empty icon="chat" title={t('messages.none')} text={t('messages.noneText')} /></div>}
        <ul className="md:card min-h-0 flex-1 divide-y divide-line overflow-y-auto md:empty:hidden">
          {chats.data?.map((one) => <li key={one.chat.id}><ChatLink row={one} preview={previews.data?.get(one.chat.id)} me={me} /></li>)}
        </ul>
      </section>
      <section aria-label={t('messages.conversation')} className={`min-w-0 flex-1 flex-col overflow-hidden md:card md:flex ${id ? 'flex bg-surface' : 'hidden'}`}>
        {row ? <Suspense fallback={<Skeleton className="m-5 h-40" />}><Conversation key={row.chat.id} row={row} /></Suspense>
          : <div className="m-auto p-6">{chats.isPending ? <Skeleton className="h-24 w-64" /> : <Empty icon="chat" title={id ? t('messages.gone') : t('messages.choose')} />}</div>}
      </section>
    </div>
  );
}

function ChatLink({ row, preview, me }: { row: ChatRow; preview: Message | undefined; me: string }) {
  const { t } = useI18n();
  const other = row.others[0];
  const name = nameOf(other) || t('person.unnamed');
  return (
    <NavLink to={`/messages/${row.chat.id}`} className="flex gap-3 px-4 py-3.5 -outline-offset-2 hover:bg-sunken aria-[current=page]:bg-soft">
      <Avatar person={other?.expand?.user} className="size-11" />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline justify-between gap-2">
          <span className={`truncate ${row.unread > 0 ? 'font-bold' : 'font-medium'}`} dir="auto">{name}</span>
          {row.chat.lastMessageAt && <Ago at={row.chat.lastMessageAt} className="shrink-0 text-xs text-muted" />}
        </span>
        <span className="block truncate text-sm text-muted" dir="auto">{row.chat.title}</span>
        <span className="flex items-center justify-between gap-2">
          <span className={`truncate text-sm ${row.unread > 0 ? 'font-semibold text-ink' : 'text-muted'}`} dir="auto">
            {preview ? `${preview.sender === me ? `${t('messages.you')} ` : ''}${preview.body}` : '\u00a0'}
          </span>
          <Count of={row.unread} label={t('nav.unreadMessages', { count: row.unread })} />
        </span>
      </span>
    </NavLink>
  );
}

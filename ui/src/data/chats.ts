// Chats with their members and what is unread; notifications.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { chats, filter } from '../api';
import { keys } from './keys';
import type { Chat, Member, Message, NotificationSettings, Person, Unread } from '../types';

/** A chat as its list shows it. */
export interface ChatRow {
  chat: Chat;
  mine: Member;
  others: Member[];
  unread: number;
}

function person(row: Member): Person | undefined {
  return row.expand?.user;
}

export function nameOf(row: Member | undefined): string {
  return (row && person(row)?.name) || '';
}

/** Puts the member rows of all my chats together, latest message first. */
export function chatRows(rows: readonly Member[], me: string): ChatRow[] {
  const byChat = new Map<string, Member[]>();
  for (const row of rows) byChat.set(row.chat, [...(byChat.get(row.chat) ?? []), row]);
  const list: ChatRow[] = [];
  for (const members of byChat.values()) {
    const mine = members.find((row) => row.user === me);
    const chat = mine?.expand?.chat;
    if (!mine || !chat) continue;
    list.push({ chat, mine, others: members.filter((row) => row.user !== me), unread: Math.max(0, chat.lastSeq - mine.lastReadSeq - mine.ownAfter) });
  }
  return list.sort((a, b) => b.chat.lastMessageAt.localeCompare(a.chat.lastMessageAt));
}

/** Keeps what is further on in rows we already have: read marks and last messages. */
export function keepAhead(rows: readonly Member[], before: readonly Member[] | undefined): Member[] {
  const known = new Map(before?.map((row) => [row.id, row]));
  return rows.map((row) => {
    const had = known.get(row.id);
    if (!had) return row;
    const read = had.lastReadSeq > row.lastReadSeq ? { lastReadSeq: had.lastReadSeq, ownAfter: had.ownAfter, mentions: had.mentions } : {};
    const [chat, older] = [row.expand?.chat, had.expand?.chat];
    const last = chat && older && older.lastSeq > chat.lastSeq ? { ...chat, lastSeq: older.lastSeq, lastMessageAt: older.lastMessageAt } : chat;
    return { ...row, ...read, expand: { ...row.expand, chat: last } };
  });
}

export function useChats(me: string) {
  const queries = useQueryClient();
  return useQuery({
    queryKey: keys.chats,
    // Live news may be ahead of a request that was already under way: numbers only grow.
    queryFn: async () => {
      const rows = await chats.members.getFullList({ expand: 'chat,user' });
      return keepAhead(rows, queries.getQueryData<Member[]>(keys.chats));
    },
    select: (rows) => chatRows(rows, me),
    enabled: me !== '',
  });
}

/** The last message of each of the given chats. */
export function usePreviews(rows: readonly ChatRow[] | undefined) {
  const wanted = (rows ?? []).slice(0, 40).filter((row) => row.chat.lastSeq > 0);
  return useQuery({
    queryKey: [...keys.previews, wanted.map((row) => `${row.chat.id}:${row.chat.lastSeq}`)],
    queryFn: async () => {
      const any = wanted.map((row) => filter('(chat = {:chat} && seq = {:seq})', { chat: row.chat.id, seq: row.chat.lastSeq })).join(' || ');
      const { items } = await chats.messages.getList(1, 40, { filter: any, skipTotal: true });
      return new Map<string, Message>(items.map((message) => [message.chat, message]));
    },
    enabled: wanted.length > 0,
    placeholderData: (before) => before,
  });
}

/** What is unread in all, as the server counts it: the same on every device. */
export function useUnreadOf(me: string) {
  return useQuery({ queryKey: keys.unread, queryFn: () => chats.client.send<Unread>('/api/chats/unread', {}), enabled: me !== '' });
}

/** Who of the people one shares a chat with is here now. */
export function usePresence(enabled = true) {
  return useQuery({ queryKey: keys.presence, queryFn: async () => (await chats.client.send<{ online: string[] | null }>('/api/chats/presence', {})).online ?? [], enabled, staleTime: 60_000 });
}

/** Whom one has blocked. */
export function useBlocks() {
  return useQuery({ queryKey: keys.blocks, queryFn: () => chats.blocks.getFullList(), staleTime: 60_000 });
}

export interface FoundMessage {
  message: Message;
  /** Escaped HTML with <mark> around what matched. */
  snippet: string;
}

/** Searches one chat, or all of mine. */
export function useMessageSearch(words: string, chat = '') {
  return useQuery({
    queryKey: [...keys.previews, 'search', chat, words],
    queryFn: async () => (await chats.client.send<{ items: FoundMessage[] }>('/api/chats/search', { query: { q: words, chat, limit: 30 } })).items,
    enabled: /[\p{L}\p{N}]/u.test(words),
  });
}

export function useNotificationSettings() {
  return useQuery({ queryKey: [...keys.notifications, 'settings'], queryFn: () => chats.client.send<NotificationSettings>('/api/notifications/settings', {}) });
}

export function useNotifications() {
  return useInfiniteQuery({
    queryKey: [...keys.notifications, 'list'],
    queryFn: ({ pageParam }) => chats.notifications.getList(pageParam, 30, { sort: '-created' }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
  });
}

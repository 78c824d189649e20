// Chats with their members and what is unread; notifications.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { chats, filter } from '../api';
import { keys } from './keys';
import type { Chat, Member, Message, Person } from '../types';

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
    list.push({ chat, mine, others: members.filter((row) => row.user !== me), unread: Math.max(0, chat.lastSeq - mine.lastReadSeq) });
  }
  return list.sort((a, b) => b.chat.lastMessageAt.localeCompare(a.chat.lastMessageAt));
}

/** Keeps the higher read marks of rows we already have. */
export function keepAhead(rows: readonly Member[], before: readonly Member[] | undefined): Member[] {
  const known = new Map(before?.map((row) => [row.id, row.lastReadSeq]));
  return rows.map((row) => ({ ...row, lastReadSeq: Math.max(row.lastReadSeq, known.get(row.id) ?? 0) }));
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

export function useUnreadNotifications(me: string) {
  return useQuery({
    queryKey: [...keys.notifications, 'unread'],
    queryFn: async () => (await chats.notifications.getList(1, 1, { filter: 'readAt = ""' })).totalItems,
    enabled: me !== '',
  });
}

export function useNotifications() {
  return useInfiniteQuery({
    queryKey: [...keys.notifications, 'list'],
    queryFn: ({ pageParam }) => chats.notifications.getList(pageParam, 30, { sort: '-created' }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.totalPages ? last.page + 1 : undefined),
  });
}

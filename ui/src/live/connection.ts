// The one live connection of a tab: server-sent events from the messages
// instance. News of the other domains arrive as notifications and as system
// messages, and make the affected queries fetch again.
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { chats, session } from '../api';
import { keys } from '../data/keys';
import type { Member, Message, Notification, Unread } from '../types';
import { forgetUnsent } from '../lib/forget';
import { affectedBy } from './affected';
import { Again } from './again';
import { conversation, forgetConversations, openConversations } from './conversation';

export type LiveState = 'off' | 'connecting' | 'live' | 'lost';
let state: LiveState = 'off';
const listeners = new Set<() => void>();

function setState(next: LiveState): void {
  state = next;
  for (const listener of listeners) listener();
}

export const liveState = (): LiveState => state;

export function useLiveState(): LiveState {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, liveState, () => 'off');
}

/** Connects for the signed-in user; returns what disconnects. */
export function connect(queries: QueryClient): () => void {
  let stopped = false;
  let connectedBefore = false;
  const { realtime } = chats.client;
  setState('connecting');
  const refresh = (stale: readonly (readonly string[])[]) => {
    for (const key of stale) void queries.invalidateQueries({ queryKey: key });
  };

  realtime.onDisconnect = () => {
    if (!stopped) setState('lost');
  };
  const onConnect = () => {
    if (stopped) return;
    setState('live');
    for (const one of openConversations()) {
      if (connectedBefore) void one.catchUp().catch(() => undefined);
      one.retryAll();
    }
    if (connectedBefore) void queries.invalidateQueries();
    connectedBefore = true;
  };
  const onMessage = (message: Message) => {
    conversation(message.chat).hear(message);
    noteMessage(queries, message);
    if (message.kind === 'system') refresh([keys.milestones, keys.contracts, keys.payments, keys.timeline, keys.disputes, keys.deadlines]);
  };
  const subscribe = () => Promise.all([
    realtime.subscribe('PB_CONNECT', onConnect),
    chats.messages.subscribe('*', (event) => onMessage(event.record)),
    chats.notifications.subscribe('*', (event: { record: Notification }) => refresh([...affectedBy(event.record.kind), keys.unread])),
    chats.members.subscribe('*', (event) => {
      const known = queries.getQueryData<Member[]>(keys.chats)?.some((row) => row.id === event.record.id);
      if (event.action !== 'update' || !known) return refresh([keys.chats, keys.unread]);
      const { lastReadSeq, ownAfter, mentions, muted, archived } = event.record;
      queries.setQueryData<Member[]>(keys.chats, (rows) => rows?.map((row) => (row.id === event.record.id ? { ...row, lastReadSeq, ownAfter, mentions, muted, archived } : row)));
      refresh([keys.unread]);
    }),
    realtime.subscribe('unread', (one: Unread['chats'][number]) => noteUnread(queries, one)),
    realtime.subscribe('presence', ({ user, online }: { user: string; online: boolean }) => {
      queries.setQueryData<string[]>(keys.presence, (all) => all && [...all.filter((other) => other !== user), ...(online ? [user] : [])]);
    }),
  ]);
  // A line that was there once is kept up by the SDK; when the very first try fails, it gives up.
  const begin = () => void subscribe().then(() => again.reset(), () => {
    if (stopped) return;
    setState('lost');
    void realtime.unsubscribe().catch(() => undefined); // or its listeners would be there twice
    again.later();
  });
  const again = new Again(begin);
  begin();

  const onOnline = () => {
    for (const one of openConversations()) one.retryAll();
  };
  addEventListener('online', onOnline);
  return () => {
    stopped = true;
    again.reset();
    removeEventListener('online', onOnline);
    setState('off');
    void realtime.unsubscribe().catch(() => undefined);
    if (session.isValid) return;
    forgetConversations();
    forgetUnsent();
  };
}

/** Moves a chat on in the list without fetching it again. */
function noteMessage(queries: QueryClient, message: Message): void {
  const rows = queries.getQueryData<Member[]>(keys.chats);
  if (!rows) return;
  if (!rows.some((row) => row.chat === message.chat)) {
    void queries.invalidateQueries({ queryKey: keys.chats });
    return;
  }
  queries.setQueryData<Member[]>(keys.chats, rows.map((row) => {
    const chat = row.expand?.chat;
    if (!chat || row.chat !== message.chat || message.seq <= chat.lastSeq) return row;
    const own = row.user === message.sender ? row.ownAfter + 1 : row.ownAfter;
    return { ...row, ownAfter: own, expand: { ...row.expand, chat: { ...chat, lastSeq: message.seq, lastMessageAt: message.created } } };
  }));
}

/** What the server counted for one chat takes the place of what was known. */
function noteUnread(queries: QueryClient, one: Unread['chats'][number]): void {
  queries.setQueryData<Unread>(keys.unread, (all) => {
    if (!all) return all;
    const before = all.chats.find((chat) => chat.chat === one.chat);
    const muted = before?.muted ?? queries.getQueryData<Member[]>(keys.chats)?.some((row) => row.chat === one.chat && row.muted && row.user === session.record?.id) ?? false;
    const change = muted ? 0 : one.unread - (before?.unread ?? 0);
    return { ...all, total: Math.max(0, all.total + change), chats: [...all.chats.filter((chat) => chat.chat !== one.chat), ...(one.unread > 0 ? [{ ...one, muted }] : [])] };
  });
}

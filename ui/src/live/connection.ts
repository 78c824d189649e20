// The one live connection of a tab: server-sent events from the messages
// instance. News of the other domains arrive as notifications and as system
// messages, and make the affected queries fetch again.
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { chats, session } from '../api';
import { keys } from '../data/keys';
import type { Member, Message, Notification } from '../types';
import { affectedBy } from './affected';
import { conversation, forgetConversations, openConversations } from './conversation';

export type LiveState = 'off' | 'connecting' | 'live' | 'lost';
let state: LiveState = 'off';
const listeners = new Set<() => void>();

function setState(next: LiveState): void {
  state = next;
  for (const listener of listeners) listener();
}

export function useLiveState(): LiveState {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => state);
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
    void queries.invalidateQueries({ queryKey: keys.chats });
    if (message.kind === 'system') refresh([keys.milestones, keys.contracts, keys.payments, keys.timeline, keys.disputes, keys.deadlines]);
  };
  const subscriptions = [
    realtime.subscribe('PB_CONNECT', onConnect),
    chats.messages.subscribe('*', (event) => onMessage(event.record)),
    chats.notifications.subscribe('*', (event: { record: Notification }) => refresh(affectedBy(event.record.kind))),
    chats.members.subscribe('*', (event) => {
      queries.setQueryData<Member[]>(keys.chats, (rows) => rows?.map((row) => (row.id === event.record.id ? { ...row, lastReadSeq: event.record.lastReadSeq, muted: event.record.muted } : row)));
    }),
  ];
  for (const subscription of subscriptions) subscription.catch(() => undefined); // the SDK keeps trying

  const onOnline = () => {
    for (const one of openConversations()) one.retryAll();
  };
  addEventListener('online', onOnline);
  return () => {
    stopped = true;
    removeEventListener('online', onOnline);
    setState('off');
    void realtime.unsubscribe().catch(() => undefined);
    if (!session.isValid) forgetConversations();
  };
}

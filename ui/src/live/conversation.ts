// A chat in this tab: its log, what is being fetched, what is being sent.
import { useSyncExternalStore } from 'react';
import { chats, session } from '../api';
import { mustRetryWithSameKey } from '../lib/idempotency';
import { holdPage } from '../lib/leaving';
import { readStored, writeStored } from '../lib/preferences';
import type { Message } from '../types';
import { Again } from './again';
import { addOutgoing, changeOutgoing, dropOutgoing, emptyLog, hear, knowOf, missing, receive, type Log, type Outgoing } from './log';

const pageSize = 100;
const outboxKey = () => `lancershub_outbox_${session.record?.id ?? ''}`;

function storedOutbox(): Outgoing[] {
  try {
    return JSON.parse(readStored(outboxKey()) ?? '[]') as Outgoing[];
  } catch {
    return [];
  }
}

export class Conversation {
  private log: Log = emptyLog;
  private readonly listeners = new Set<() => void>();
  private readonly fetching = new Set<string>();
  private sending = false;
  private readonly again = new Again(() => this.sendAll());
  private catching: Promise<void> | undefined;
  private release: (() => void) | undefined;
  private telling: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly chat: string) {
    for (const one of storedOutbox()) {
      if (one.chat === chat) this.log = addOutgoing(this.log, { ...one, state: 'failed' });
    }
    if (this.log.outgoing.length > 0) this.again.later();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): Log => this.log;

  private set(next: Log): void {
    if (next === this.log) return;
    const outgoingChanged = next.outgoing !== this.log.outgoing;
    this.log = next;
    if (outgoingChanged) this.keepOutbox();
    if (outgoingChanged) this.holdFiles();
    // A burst of messages is one rendering: React gives up on dozens in a row.
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      for (const listener of this.listeners) listener();
    });
  }

  /** Files cannot be kept: somebody who would leave them behind is asked. */
  private holdFiles(): void {
    const some = this.log.outgoing.some((one) => one.files?.length);
    if (some) this.release ??= holdPage();
    else this.forgetFiles();
  }

  private forgetFiles(): void {
    this.release?.();
    this.release = undefined;
  }

  /** Unsent messages survive a closed tab. */
  private keepOutbox(): void {
    const all = [...storedOutbox().filter((one) => one.chat !== this.chat), ...this.log.outgoing.filter((one) => !one.files?.length)];
    writeStored(outboxKey(), all.length > 0 ? JSON.stringify(all) : null);
  }

  knowOf(seq: number): void {
    this.set(knowOf(this.log, seq));
  }

  /** Takes a message from the live connection, or the answer to a command on one. */
  hear(message: Message): void {
    const { log, missed } = hear(this.log, message);
    this.set(log);
    if (missed) void this.catchUp().catch(() => undefined);
  }

  /** Fetches what is missing in from..to. */
  ensure(from: number, to: number): void {
    const hole = missing(this.log, from, to);
    if (!hole) return;
    const page = Math.floor((hole.to - 1) / pageSize) * pageSize; // whole pages, so that scrolling does not nibble
    void this.fetchAfter(page, page + pageSize);
  }

  /** Everything that is new, edited or deleted since we last knew all; one walk at a time. */
  catchUp(): Promise<void> {
    if (this.log.change === 0) return Promise.resolve();
    this.catching ??= this.walk().finally(() => { this.catching = undefined; });
    return this.catching;
  }

  private async walk(): Promise<void> {
    for (;;) {
      const { items, lastChange } = await this.load({ changed: this.log.change, limit: 200 });
      const last = items.at(-1)?.change ?? lastChange;
      this.set(receive(this.log, items, items.length < 200 ? Math.max(last, lastChange) : last));
      if (items.length < 200) return;
    }
  }

  private load(query: Record<string, number>): Promise<{ items: Message[]; lastChange: number }> {
    return chats.client.send(`/api/chats/${this.chat}/messages`, { query });
  }

  private async fetchAfter(after: number, upTo: number): Promise<void> {
    const name = `${after}-${upTo}`;
    if (this.fetching.has(name)) return;
    this.fetching.add(name);
    try {
      const { items, lastChange } = await this.load({ after, limit: Math.min(500, Math.max(1, upTo - after)) });
      // Only the first fetch begins the count: later ones say nothing about messages fetched before.
      this.set(receive(this.log, items, this.log.change === 0 ? lastChange : 0));
    } catch {
      // The rows stay empty; scrolling or the next reconnect asks again.
    } finally {
      this.fetching.delete(name);
    }
  }

  /** Shows a message at once and sends it; messages leave in the order they were written. */
  send(body: string, more: Pick<Outgoing, 'replyTo' | 'mentions' | 'files'> = {}): void {
    const one: Outgoing = { chat: this.chat, clientId: crypto.randomUUID(), body, ...more, at: Date.now(), state: 'sending' };
    this.set(addOutgoing(this.log, one));
    this.sendAll();
  }

  /** Sends again under the same clientId, so that it cannot arrive twice. */
  retry(clientId: string): void {
    this.set(changeOutgoing(this.log, clientId, { state: 'sending', refused: false }));
    this.sendAll();
  }

  discard(clientId: string): void {
    this.set(dropOutgoing(this.log, clientId));
  }

  /** Tries at once what failed for want of a connection: something says that there is one. */
  retryAll(): void {
    this.again.reset();
    this.sendAll();
  }

  /** Forgets what it was going to do. */
  close(): void {
    this.again.reset();
    this.forgetFiles();
    clearTimeout(this.telling);
  }

  private sendAll(): void {
    for (const one of this.waiting()) this.set(changeOutgoing(this.log, one.clientId, { state: 'sending' }));
    if (!this.sending) void this.dispatch();
  }

  private waiting(): readonly Outgoing[] {
    return this.log.outgoing.filter((one) => one.state === 'failed' && !one.refused);
  }

  /** Sends one after the other; what cannot be sent now stops those behind it, and all are tried again later. */
  private async dispatch(): Promise<void> {
    this.sending = true;
    for (;;) {
      const one = this.log.outgoing.find((other) => other.state === 'sending');
      if (!one) break;
      try {
        const sent = await chats.messages.create({ chat: this.chat, body: one.body, clientId: one.clientId, ...(one.replyTo ? { replyTo: one.replyTo } : {}), ...(one.mentions?.length ? { mentions: one.mentions } : {}), ...(one.files?.length ? { attachments: one.files } : {}) });
        this.again.reset();
        this.hear(sent);
        this.set(dropOutgoing(this.log, one.clientId));
      } catch (error) {
        if (!mustRetryWithSameKey(error)) {
          this.set(changeOutgoing(this.log, one.clientId, { state: 'failed', refused: true }));
          continue;
        }
        for (const other of this.log.outgoing) if (other.state === 'sending') this.set(changeOutgoing(this.log, other.clientId, { state: 'failed' }));
        this.again.later();
        break;
      }
    }
    this.sending = false;
  }
}

const open = new Map<string, Conversation>();

export function conversation(chat: string): Conversation {
  const existing = open.get(chat);
  if (existing) return existing;
  const fresh = new Conversation(chat);
  open.set(chat, fresh);
  return fresh;
}

export function openConversations(): Iterable<Conversation> {
  return open.values();
}

/** Forgets everything, at sign-out. */
export function forgetConversations(): void {
  for (const one of open.values()) one.close();
  open.clear();
}

export function useLog(chat: string): Log {
  const one = conversation(chat);
  return useSyncExternalStore(one.subscribe, one.snapshot);
}

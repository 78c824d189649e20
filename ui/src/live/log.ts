// The messages of one chat as this tab knows them. Pure: what to fetch and when
// is conversation.ts. The server numbers messages without gaps (seq), so a hole
// in the numbers is a message we have not got yet, and nothing else.
import type { Message } from '../types';

/** A message on its way out. */
export interface Outgoing {
  chat: string;
  clientId: string;
  body: string;
  replyTo?: string;
  mentions?: string[];
  /** Kept in this tab only. */
  files?: File[];
  /** When it was written, in milliseconds. */
  at: number;
  state: 'sending' | 'failed';
  /** Set when the server said no: sending it again unasked would not help. */
  refused?: boolean;
}

export interface Log {
  /** What has arrived, by seq. */
  messages: ReadonlyMap<number, Message>;
  /** The highest seq known to exist, whether it has arrived or not. */
  lastSeq: number;
  /** All changes up to this number are known here; 0 while nothing was fetched. */
  change: number;
  outgoing: readonly Outgoing[];
}

export const emptyLog: Log = { messages: new Map(), lastSeq: 0, change: 0, outgoing: [] };

/**
 * Takes in messages, in any order and any number of times; an older state of one
 * never replaces a newer. What we sent ourselves leaves the outgoing ones. With
 * upTo, everything up to that change is known from here on.
 */
export function receive(log: Log, incoming: readonly Message[], upTo = 0): Log {
  const fresh = incoming.filter((message) => {
    const known = log.messages.get(message.seq);
    return !known || (known.updated !== message.updated && message.change >= known.change);
  });
  const arrived = new Set(incoming.map((message) => message.clientId).filter(Boolean));
  const outgoing = log.outgoing.filter((one) => !arrived.has(one.clientId));
  const change = Math.max(log.change, upTo);
  if (fresh.length === 0 && outgoing.length === log.outgoing.length && change === log.change) return log;
  const messages = fresh.length > 0 ? new Map(log.messages) : log.messages;
  for (const message of fresh) (messages as Map<number, Message>).set(message.seq, message);
  const lastSeq = fresh.reduce((last, message) => Math.max(last, message.seq), log.lastSeq);
  return { messages, lastSeq, change, outgoing: outgoing.length === log.outgoing.length ? log.outgoing : outgoing };
}

/** What the live connection brings: in order, so a number that is too high means that something was missed. */
export function hear(log: Log, message: Message): { log: Log; missed: boolean } {
  const missed = log.change > 0 && message.change > log.change + 1;
  return { log: receive(log, [message], missed || log.change === 0 ? 0 : message.change), missed };
}

/** Learns that messages up to seq exist. */
export function knowOf(log: Log, seq: number): Log {
  return seq > log.lastSeq ? { ...log, lastSeq: seq } : log;
}

/** The first run of missing messages in from..to (both included), or null. */
export function missing(log: Log, from: number, to: number): { from: number; to: number } | null {
  const end = Math.min(to, log.lastSeq);
  let start = Math.max(from, 1);
  while (start <= end && log.messages.has(start)) start++;
  if (start > end) return null;
  let stop = start;
  while (stop < end && !log.messages.has(stop + 1)) stop++;
  return { from: start, to: stop };
}

export function addOutgoing(log: Log, one: Outgoing): Log {
  return { ...log, outgoing: [...log.outgoing.filter((other) => other.clientId !== one.clientId), one] };
}

export function changeOutgoing(log: Log, clientId: string, change: Partial<Outgoing>): Log {
  return { ...log, outgoing: log.outgoing.map((one) => (one.clientId === clientId ? { ...one, ...change } : one)) };
}

export function dropOutgoing(log: Log, clientId: string): Log {
  return { ...log, outgoing: log.outgoing.filter((one) => one.clientId !== clientId) };
}

// The messages of one chat as this tab knows them. Pure: what to fetch and when
// is conversation.ts. The server numbers messages without gaps (seq), so a hole
// in the numbers is a message we have not got yet, and nothing else.
import type { Message } from '../types';

/** A message on its way out. */
export interface Outgoing {
  chat: string;
  clientId: string;
  body: string;
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
  outgoing: readonly Outgoing[];
}

export const emptyLog: Log = { messages: new Map(), lastSeq: 0, outgoing: [] };

/** Takes in messages, in any order and any number of times. What we sent ourselves leaves the outgoing ones. */
export function receive(log: Log, incoming: readonly Message[]): Log {
  const fresh = incoming.filter((message) => log.messages.get(message.seq)?.updated !== message.updated);
  const arrived = new Set(incoming.map((message) => message.clientId).filter(Boolean));
  const outgoing = log.outgoing.filter((one) => !arrived.has(one.clientId));
  if (fresh.length === 0 && outgoing.length === log.outgoing.length) return log;
  const messages = new Map(log.messages);
  for (const message of fresh) messages.set(message.seq, message);
  const lastSeq = fresh.reduce((last, message) => Math.max(last, message.seq), log.lastSeq);
  return { messages, lastSeq, outgoing };
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

/** The seq to catch up after: everything from the last message held without a hole behind it. */
export function caughtUpTo(log: Log): number {
  let highest = 0;
  for (const seq of log.messages.keys()) highest = Math.max(highest, seq);
  return highest;
}

/** Whether a message that just arrived shows that others before it were missed. */
export function revealsGap(log: Log, seq: number): boolean {
  return log.messages.size > 0 && seq > caughtUpTo(log) + 1;
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

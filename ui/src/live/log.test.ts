import { expect, test } from 'vitest';
import type { Message } from '../types';
import { addOutgoing, caughtUpTo, changeOutgoing, dropOutgoing, emptyLog, knowOf, missing, receive, revealsGap, type Outgoing } from './log';

function message(seq: number, more: Partial<Message> = {}): Message {
  return { id: `m${seq}`, collectionId: '', collectionName: 'messages', created: '', updated: `u${seq}`, chat: 'c', seq, sender: 'a', kind: 'user', body: `text ${seq}`, clientId: '', editedAt: '', deletedAt: '', ...more };
}

const outgoing = (clientId: string): Outgoing => ({ chat: 'c', clientId, body: 'hello', at: 1, state: 'sending' });

test('messages may come twice and in any order, and stand once and in order', () => {
  let log = receive(emptyLog, [message(3), message(1)]);
  log = receive(log, [message(2), message(3)]);
  expect([...log.messages.keys()].sort()).toEqual([1, 2, 3]);
  expect(log.lastSeq).toBe(3);
  expect(receive(log, [message(2)])).toBe(log);
});

test('an edited message replaces the old one', () => {
  const log = receive(receive(emptyLog, [message(1)]), [message(1, { body: 'changed', updated: 'later' })]);
  expect(log.messages.get(1)?.body).toBe('changed');
});

test('a number that is too high reveals a gap', () => {
  const log = receive(emptyLog, [message(1), message(2)]);
  expect(revealsGap(log, 3)).toBe(false);
  expect(revealsGap(log, 5)).toBe(true);
  expect(revealsGap(emptyLog, 40)).toBe(false); // nothing loaded yet: nothing missed
  expect(caughtUpTo(log)).toBe(2);
});

test('holes are found within what is looked at', () => {
  const log = receive(knowOf(emptyLog, 10), [message(4), message(5), message(9)]);
  expect(missing(log, 1, 10)).toEqual({ from: 1, to: 3 });
  expect(missing(log, 4, 10)).toEqual({ from: 6, to: 8 });
  expect(missing(log, 4, 5)).toBeNull();
  expect(missing(log, 9, 99)).toEqual({ from: 10, to: 10 });
  expect(missing(log, -5, 0)).toBeNull();
});

test('knowing of later messages never goes back', () => {
  expect(knowOf(knowOf(emptyLog, 7), 5).lastSeq).toBe(7);
});

test('what we sent leaves the outgoing ones when it arrives, by whatever way', () => {
  let log = addOutgoing(addOutgoing(emptyLog, outgoing('x')), outgoing('y'));
  log = receive(log, [message(1, { clientId: 'x' })]);
  expect(log.outgoing.map((one) => one.clientId)).toEqual(['y']);
  expect(receive(log, [message(1, { clientId: 'x' })])).toBe(log);
});

test('a failed message is kept, sent again under its own id, or dropped', () => {
  let log = addOutgoing(emptyLog, outgoing('x'));
  log = changeOutgoing(log, 'x', { state: 'failed' });
  expect(log.outgoing[0]?.state).toBe('failed');
  log = addOutgoing(log, outgoing('x'));
  expect(log.outgoing).toHaveLength(1);
  expect(dropOutgoing(log, 'x').outgoing).toEqual([]);
});

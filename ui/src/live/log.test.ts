import { expect, test } from 'vitest';
import type { Message } from '../types';
import { addOutgoing, changeOutgoing, dropOutgoing, emptyLog, hear, knowOf, missing, receive, type Outgoing } from './log';

function message(seq: number, more: Partial<Message> = {}): Message {
  return { id: `m${seq}`, collectionId: '', collectionName: 'messages', created: '', updated: `u${seq}`, chat: 'c', seq, change: seq, replyTo: '', mentions: [], reactions: null, sender: 'a', kind: 'user', body: `text ${seq}`, clientId: '', editedAt: '', deletedAt: '', ...more };
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

test('an older state never replaces a newer one', () => {
  const log = receive(emptyLog, [message(1, { body: 'new', updated: 'b', change: 9 })]);
  expect(receive(log, [message(1, { body: 'old', updated: 'a', change: 1 })]).messages.get(1)?.body).toBe('new');
});

test('a change whose number is too high shows that something was missed', () => {
  const log = receive(emptyLog, [message(1), message(2)], 2);
  expect(log.change).toBe(2);
  expect(hear(log, message(3))).toMatchObject({ missed: false, log: { change: 3 } });
  expect(hear(log, message(5))).toMatchObject({ missed: true, log: { change: 2 } });
  expect(hear(log, message(1, { change: 3, updated: 'edited', body: 'edited' })).log.messages.get(1)?.body).toBe('edited');
  expect(hear(emptyLog, message(40)).missed).toBe(false); // nothing was fetched yet: nothing is missed
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

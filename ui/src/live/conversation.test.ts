import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Conversation } from './conversation';

/** What the server does with the next messages, by body; the last answer stays. */
let answers: (() => Response | Promise<Response>)[] = [];
let asked: string[] = [];
const lost = () => Promise.reject(new TypeError('Failed to fetch'));
const refused = () => Response.json({ status: 400, message: '', data: { code: 'blocked' } }, { status: 400 });
let seq = 0;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  seq = 0;
  vi.stubGlobal('fetch', async (_: string, options: { body: string }) => {
    const sent = JSON.parse(options.body) as { body: string; clientId: string };
    asked.push(sent.body);
    const answer = answers.length > 0 ? await answers.shift()?.() : undefined;
    seq++;
    return answer ?? Response.json({ id: `m${seq}`, chat: 'c', seq, change: seq, updated: '1', ...sent });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  answers = [];
});

const states = (one: Conversation) => one.snapshot().outgoing.map(({ body, state, refused: no }) => `${body} ${no ? 'refused' : state}`);

test('messages leave in the order they were written, and what failed is tried again with growing pauses', async () => {
  const one = new Conversation('c');
  answers = [lost, lost, lost];
  one.send('first');
  one.send('second');
  await vi.advanceTimersByTimeAsync(0);
  expect(states(one)).toEqual(['first failed', 'second failed']);
  expect(asked).toEqual(['first']); // the second waits for the first
  await vi.advanceTimersByTimeAsync(999);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1999);
  expect(asked).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(4000);
  expect(asked).toEqual(['first', 'first', 'first', 'first', 'second']);
  expect(states(one)).toEqual([]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toHaveLength(5);
});

test('a connection that is back is used at once, and so is a person who writes on', async () => {
  const one = new Conversation('c');
  answers = [lost, lost];
  one.send('first');
  await vi.advanceTimersByTimeAsync(0);
  one.retryAll();
  await vi.advanceTimersByTimeAsync(0);
  expect(states(one)).toEqual(['first failed']);
  one.send('second');
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual(['first', 'first', 'first', 'second']);
  expect(states(one)).toEqual([]);
});

test('what the server refuses stays, is not tried again unasked, and holds nothing up', async () => {
  const one = new Conversation('c');
  answers = [refused];
  one.send('no');
  one.send('yes');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toEqual(['no', 'yes']);
  expect(states(one)).toEqual(['no refused']);
  const [waiting] = one.snapshot().outgoing;
  one.retry(waiting?.clientId ?? '');
  await vi.advanceTimersByTimeAsync(0);
  expect(states(one)).toEqual([]);
});

test('one that is closed sends nothing more', async () => {
  const one = new Conversation('c');
  answers = [lost];
  one.send('first');
  await vi.advanceTimersByTimeAsync(0);
  one.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toEqual(['first']);
});

import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connect, liveState } from './connection';

/** An event stream that does what a test says. */
class Stream extends EventTarget {
  static made: Stream[] = [];
  onerror: ((event: Event) => void) | null = null;
  heard: string[] = [];

  constructor(readonly url: string) {
    super();
    Stream.made.push(this);
  }

  override addEventListener(name: string, listener: EventListener): void {
    this.heard.push(name);
    super.addEventListener(name, listener);
  }

  close(): void {}
}

const asked: { subscriptions: string[] }[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', Stream);
  vi.stubGlobal('addEventListener', () => undefined);
  vi.stubGlobal('removeEventListener', () => undefined);
  vi.stubGlobal('fetch', async (_: string, options: { body: string }) => {
    asked.push(JSON.parse(options.body) as { subscriptions: string[] });
    return Response.json({});
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('when the very first connection fails, it is tried again until it is there', async () => {
  const stop = connect(new QueryClient());
  const failing = async (number: number) => {
    await vi.advanceTimersByTimeAsync(0);
    expect(Stream.made).toHaveLength(number);
    Stream.made.at(-1)?.onerror?.(new Event('error'));
    await vi.advanceTimersByTimeAsync(0);
    expect(liveState()).toBe('lost');
  };
  await failing(1);
  await vi.advanceTimersByTimeAsync(1000);
  await failing(2);
  await vi.advanceTimersByTimeAsync(1999);
  expect(Stream.made).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  const last = Stream.made.at(-1);
  expect(Stream.made).toHaveLength(3);
  last?.dispatchEvent(Object.assign(new Event('PB_CONNECT'), { lastEventId: 'abc', data: '{}' }));
  await vi.advanceTimersByTimeAsync(0);
  expect(liveState()).toBe('live');
  expect(asked).toHaveLength(1);
  expect(last?.heard.filter((name) => name === 'messages/*')).toHaveLength(1); // not once for every try
  stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(Stream.made).toHaveLength(3);
  expect(liveState()).toBe('off');
});

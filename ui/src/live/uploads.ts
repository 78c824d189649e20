// Large files on their way to the storage, in parts (docs/files.md). An upload
// goes on by itself when the line is back, while people look at other pages;
// after a reload the same file, chosen again, goes on where it stopped.
import { useSyncExternalStore } from 'react';
import { command, filter, uploadClient, type UploadDomain } from '../api';
import { failureOf } from '../lib/errors';
import { holdPage } from '../lib/leaving';

export interface UploadTarget {
  target: 'milestone' | 'chat';
  subject: string;
  note?: string;
}

export interface RunningUpload extends UploadTarget {
  key: string;
  name: string;
  size: number;
  /** Bytes that have arrived. */
  sent: number;
  state: 'sending' | 'waiting' | 'finishing' | 'failed';
  error?: unknown;
}

interface Started {
  id: string;
  partSize: number;
}

interface Parts {
  stored: { number: number; size: number }[];
  missing: { number: number; size: number; url: string }[];
}

/** What the storage cuts files into (docs/files.md). */
const partSize = 8 * 1024 * 1024;

const domainOf = { milestone: 'projects', chat: 'chats' } as const satisfies Record<UploadTarget['target'], UploadDomain>;
let running: readonly RunningUpload[] = [];
const listeners = new Set<() => void>();
const aborts = new Map<string, AbortController>();

function change(key: string, more: Partial<RunningUpload> | null): void {
  running = more === null ? running.filter((one) => one.key !== key) : running.map((one) => (one.key === key ? { ...one, ...more } : one));
  for (const listener of listeners) listener();
}

export function useUploads(subject: string): readonly RunningUpload[] {
  const all = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => running);
  return all.filter((one) => one.subject === subject);
}

/** Sends a file; resolves when it has become a record, rejects when it cannot. */
export async function upload(file: File, target: UploadTarget): Promise<void> {
  const key = crypto.randomUUID();
  const abort = new AbortController();
  aborts.set(key, abort);
  const release = holdPage();
  running = [...running, { ...target, key, name: file.name, size: file.size, sent: 0, state: 'sending' }];
  change(key, {});
  try {
    await carry(file, target, key, abort.signal);
    change(key, null);
  } catch (error) {
    if (abort.signal.aborted) change(key, null);
    else {
      change(key, { state: 'failed', error });
      throw error;
    }
  } finally {
    release();
    aborts.delete(key);
  }
}

/** Gives an upload up, or takes a failed one off the list. */
export function cancelUpload(key: string): void {
  aborts.get(key)?.abort();
  change(key, null);
}

async function carry(file: File, target: UploadTarget, key: string, signal: AbortSignal): Promise<void> {
  const domain = domainOf[target.target];
  const begun = await again(key, signal, () => begin(domain, file, target, key));
  signal.addEventListener('abort', () => void uploadClient(domain).send(`/api/uploads/${begun.id}`, { method: 'DELETE' }).catch(() => undefined));
  for (;;) {
    const parts = await again(key, signal, () => uploadClient(domain).send<Parts>(`/api/uploads/${begun.id}/parts`, {}));
    let stored = parts.stored.reduce((sum, part) => sum + part.size, 0);
    change(key, { sent: stored, state: 'sending' });
    if (parts.missing.length === 0) break;
    try {
      for (const part of parts.missing) {
        await put(part.url, file.slice((part.number - 1) * begun.partSize, (part.number - 1) * begun.partSize + part.size), signal, (bytes) => change(key, { sent: stored + bytes }));
        stored += part.size;
      }
    } catch (error) {
      if (signal.aborted) throw error;
      await pause(key, signal); // links end and lines break: ask again what is missing
    }
  }
  change(key, { state: 'finishing' });
  const path = `uploads/${begun.id}/complete`;
  await again(key, signal, () => command(domain, path, {}, `${key}-complete`));
}

/** Goes on with an upload of the same file that was left, or starts one. */
async function begin(domain: UploadDomain, file: File, { target, subject, note }: UploadTarget, key: string): Promise<Started> {
  const client = uploadClient(domain);
  const left = await client.collection('uploads').getList<{ id: string }>(1, 1, {
    filter: filter("status = 'started' && target = {:target} && subject = {:subject} && name = {:name} && size = {:size}", { target, subject, name: file.name, size: file.size }), skipTotal: true,
  }).then((page) => page.items[0], () => undefined);
  if (left) return { id: left.id, partSize };
  const name = file.name.slice(-200);
  return client.send<Started>('/api/uploads', { method: 'POST', body: { target, subject, name, size: file.size, ...(note ? { note } : {}), ...(target === 'chat' ? { clientId: key } : {}) }, headers: { 'Idempotency-Key': key } });
}

/** Repeats what failed for want of a connection or of the storage, with growing pauses. */
async function again<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const { status, code } = failureOf(error);
      if (signal.aborted || (status !== 0 && status < 500 && code !== 'request_in_progress')) throw error;
      await pause(key, signal);
    }
  }
}

/** Waits until trying again makes sense: when the line is back, or after a moment. */
function pause(key: string, signal: AbortSignal): Promise<void> {
  change(key, { state: 'waiting' });
  return new Promise((go, stop) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      if (signal.aborted) stop(new Error('given up'));
      else go();
    };
    const timer = setTimeout(done, 3000);
    addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}

/** Sends one part; XMLHttpRequest, because fetch tells no progress. */
function put(url: string, bytes: Blob, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<void> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => (request.status < 300 ? done() : failed(new Error(`the storage answered ${request.status}`)));
    request.onerror = request.ontimeout = () => failed(new Error('the line broke'));
    request.onabort = () => failed(new Error('given up'));
    signal.addEventListener('abort', () => request.abort());
    request.send(new Blob([bytes])); // without a type, as the link was signed
  });
}

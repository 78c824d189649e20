// Files that were chosen for a chat and not sent yet. They stay on this device, in
// its IndexedDB, until they are sent or removed, their owner signs out (forget.ts),
// or they have become too old or too much.
import { unsentDatabase } from './forget';

interface Row {
  files: File[];
  /** When they were chosen, in milliseconds. */
  at: number;
}

const store = 'files';
const maxAgeMs = 7 * 24 * 60 * 60 * 1000;
/** In all chats together; one takes at most 32 MB (ui/files.tsx). */
const maxBytes = 64 * 1024 * 1024;

/** The keys of what is too old, or too much: the newest stay. */
export function surplus(rows: readonly { key: IDBValidKey; at: number; bytes: number }[], now: number): IDBValidKey[] {
  let total = 0;
  return [...rows].sort((a, b) => b.at - a.at).filter((row) => {
    if (now - row.at <= maxAgeMs && total + row.bytes <= maxBytes) total += row.bytes;
    else return true;
    return false;
  }).map((row) => row.key);
}

const keyOf = (user: string, chat: string) => `${user}/${chat}`;

/** Keeps the files for a chat, in place of those before. Fails where the browser keeps nothing. */
export async function keepFiles(user: string, chat: string, files: File[], now = Date.now()): Promise<void> {
  await within('readwrite', (rows) => {
    if (files.length === 0) rows.delete(keyOf(user, chat));
    else rows.put({ files, at: now } satisfies Row, keyOf(user, chat));
    clear(rows, now);
  });
}

/** The files that were kept for a chat. */
export async function keptFiles(user: string, chat: string, now = Date.now()): Promise<File[]> {
  const row = await within<Row | undefined>('readonly', (rows) => rows.get(keyOf(user, chat)));
  return row && now - row.at <= maxAgeMs ? row.files : [];
}

function clear(rows: IDBObjectStore, now: number): void {
  const all: { key: IDBValidKey; at: number; bytes: number }[] = [];
  const walk = rows.openCursor();
  walk.onsuccess = () => {
    const here = walk.result;
    if (!here) return surplus(all, now).forEach((key) => rows.delete(key));
    const { files, at } = here.value as Row;
    all.push({ key: here.key, at, bytes: files.reduce((sum, file) => sum + file.size, 0) });
    here.continue();
  };
}

/** Does work in one transaction; resolves when it is stored. Opened each time, so that no tab keeps another from forgetting. */
async function within<T>(mode: IDBTransactionMode, work: (rows: IDBObjectStore) => IDBRequest<T> | void): Promise<T | undefined> {
  const database = await new Promise<IDBDatabase>((done, failed) => {
    const request = indexedDB.open(unsentDatabase, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error ?? new Error('the database does not open'));
  });
  try {
    return await new Promise((done, failed) => {
      const transaction = database.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => done(request?.result);
      transaction.onerror = transaction.onabort = () => failed(transaction.error ?? new Error('nothing is kept'));
    });
  } finally {
    database.close();
  }
}

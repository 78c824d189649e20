// One device that writes into a chat and shows it, built on the official SDK
// alone, as anybody would build one: subscribe, catch up when connected and when
// there is a gap, send again what was not acknowledged. The fault suites put it
// behind a bad line. It reads its task as JSON from stdin and prints what it shows.
import { EventSource } from 'eventsource';
import PocketBase from 'pocketbase';

globalThis.EventSource = EventSource; // Node has none; browsers do

const task = JSON.parse(await new Promise((done) => {
  let text = '';
  process.stdin.on('data', (part) => { text += part; });
  process.stdin.on('end', () => done(text));
}));

const client = new PocketBase(`${task.base}/api/chats`);
client.autoCancellation(false);
client.authStore.save(task.token, { id: task.user, collectionName: 'users' });
client.beforeSend = (url, options) => ({ url, options: { ...options, signal: AbortSignal.timeout(5000) } });

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const shown = [];
let connections = 0;
let fetched = 0;
let broken = null;

function show(message) {
  if (message.seq <= shown.length) return true; // heard and fetched
  if (message.seq !== shown.length + 1) return false;
  shown.push(message.body);
  return true;
}

let catching = null;
let again = false;

/** Fetches what is missing; calls while it runs make it look once more. */
function catchUp() {
  again = true;
  catching ??= (async () => {
    while (again) {
      again = false;
      try {
        for (;;) {
          const { items } = await client.send(`/api/chats/${task.chat}/messages`, { query: { after: shown.length, limit: 500 } });
          if (items.length === 0) break;
          const before = shown.length;
          for (const message of items) if (!show(message)) broken = `a gap before ${message.seq} on the server`;
          fetched += shown.length - before;
        }
      } catch {
        again = true;
        await pause(100);
      }
    }
    catching = null;
  })();
  return catching;
}

async function send(body) {
  for (let wait = 20; ; wait = Math.min(2 * wait, 1000)) {
    try {
      return await client.collection('messages').create({ chat: task.chat, body, clientId: body });
    } catch (error) {
      if (error.response?.data?.code && error.status !== 503) throw error; // the marketplace's own no
      await pause(wait);
    }
  }
}

/** The SDK gives up when the very first connection fails, and keeps trying after that. */
function keep(subscribe) {
  subscribe().catch(() => pause(200).then(() => keep(subscribe)));
}

keep(() => client.realtime.subscribe('PB_CONNECT', () => {
  connections++;
  void catchUp();
}));
keep(() => client.collection('messages').subscribe('*', ({ action, record }) => {
  if (action === 'create' && record.chat === task.chat && !show(record)) void catchUp();
}));

let next = 0;
await Promise.all(Array.from({ length: 6 }, async () => {
  while (next < task.count) await send(`${task.name} ${next++}`);
}));
// What a browser does when the person comes back to the tab: look again, now and then.
for (const until = Date.now() + 120_000; shown.length < task.total && Date.now() < until;) {
  await catchUp();
  await pause(500);
}
// Not before all of it has left: a pipe takes 64 KB at a time.
process.stdout.write(JSON.stringify({ shown, connections, fetched, broken }), () => process.exit(0));

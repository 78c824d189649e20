// What a browser makes of the web app:
//
// First load of the browse page as a slow phone sees it: processor four times
// slower; what DevTools called fast 3G: 562.5 ms until an answer begins, 1.44
// Mbit/s down, 675 kbit/s up; cold cache. Largest contentful paint, the longest
// task, layout shift, and when the script has taken over.
//
// Scrolling through a chat of 10,000 messages at desk size, a tenth of a window
// in every frame, with and without the slower processor: frames that came late.
//
// Run: node e2e/speed.mjs (LANCERSHUB_URL, RUNS, LATENCY, MESSAGES); make bench does, too.
import PocketBase from 'pocketbase';
import { base, launch, open, password } from './browser.mjs';
import { hired, signIn } from './people.mjs';

const runs = Number(process.env.RUNS ?? 3);
const latency = Number(process.env.LATENCY ?? 562.5);
const messages = Number(process.env.MESSAGES ?? 10_000);
const frame = 1000 / 60;

await enoughProjects();
const browser = await launch();
for (let run = 0; run < runs; run++) {
  say('first-load', await firstLoad());
}
if (messages > 0) {
  const page = await longChat();
  for (const slower of [1, 4]) {
    for (let run = 0; run < runs; run++) say(`scroll-${slower}x`, await scroll(page, slower));
  }
}
await browser.close();

/** One line per run, in words that make bench reads: name, then pairs of value and unit. */
function say(name, values) {
  console.log(`${name} ${Object.entries(values).map(([unit, value]) => `${Math.round(value * 1000) / 1000} ${unit}`).join(' ')}`);
}

async function firstLoad() {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.seen = { lcp: 0, long: 0, shift: 0 };
    new PerformanceObserver((list) => { for (const one of list.getEntries()) window.seen.lcp = one.startTime; }).observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => { for (const one of list.getEntries()) window.seen.long = Math.max(window.seen.long, one.duration); }).observe({ type: 'longtask', buffered: true });
    new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) window.seen.shift += one.value; }).observe({ type: 'layout-shift', buffered: true });
  });
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: 1.6e6 / 8 * 0.9, uploadThroughput: 750e3 / 8 * 0.9 });
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.goto(`${base}/projects`);
  await page.locator('article time').first().waitFor(); // written by the script
  const ready = await page.evaluate(() => performance.now());
  await page.waitForTimeout(1000);
  const { lcp, long, shift } = await page.evaluate(() => window.seen);
  await context.close();
  return { 'lcp-ms': lcp, 'longest-task-ms': long, 'layout-shift': shift, 'ready-ms': ready };
}

async function longChat() {
  const { client, freelancer, chat } = await hired();
  freelancer.chats.autoCancellation(false);
  let next = 0;
  const write = async () => {
    while (next < messages) {
      const number = next++;
      await freelancer.chats.collection('messages').create({ chat: chat.id, body: `Message ${number}. ${'The glaze wants another day in the kiln. '.repeat(number % 4)}`, clientId: `speed-${number}` });
    }
  };
  await Promise.all(Array.from({ length: 8 }, write));
  const page = await open(browser);
  await signIn(page, client);
  await page.goto(`/messages/${chat.id}`);
  await page.getByRole('log').getByText(`Message ${messages - 1}.`).waitFor();
  return page;
}

/** Scrolls back from the end, and tells how many of the frames there should have been did not come. */
async function scroll(page, slower) {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
  const steps = 300;
  const seen = await page.getByRole('log').evaluate((box, { steps, frame }) => new Promise((done) => {
    box.scrollTop = box.scrollHeight;
    let before = 0;
    let dropped = 0;
    let worst = 0;
    let left = steps + 30; // the first half second is for the jump to the end
    const step = (now) => {
      if (before && left <= steps) {
        dropped += Math.max(0, Math.round((now - before) / frame) - 1);
        worst = Math.max(worst, now - before);
      }
      before = now;
      if (left <= steps) box.scrollTop -= box.clientHeight / 10;
      if (left-- > 0) requestAnimationFrame(step);
      else done({ dropped, worst, rows: box.querySelectorAll('[data-index]').length });
    };
    requestAnimationFrame(step);
  }), { steps, frame });
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  await session.detach();
  return { 'dropped-of-300': seen.dropped, 'longest-frame-ms': seen.worst, 'rows-in-page': seen.rows };
}

/** A browse page needs something to browse. */
async function enoughProjects() {
  const projects = new PocketBase(`${base}/api/projects`);
  const { totalItems } = await projects.collection('projects').getList(1, 1, { filter: 'status = "open"' });
  if (totalItems >= 20) return;
  const users = new PocketBase(`${base}/api/users`);
  const email = `speed-${Date.now()}@example.com`;
  await users.collection('users').create({ email, password, passwordConfirm: password, name: 'Teapot Works', roles: ['client'] });
  await users.collection('users').authWithPassword(email, password);
  projects.authStore.save(users.authStore.token, users.authStore.record);
  for (let number = totalItems; number < 24; number++) {
    const project = await projects.collection('projects').create({ title: `A catalogue for season ${number}`, description: 'Forty pages with prices and pictures, for print and for the web. The texts exist, the pictures need care. '.repeat(3), category: 'design', skills: ['Layout', 'Print', 'Typography'], currency: 'EUR', budgetMin: 50000 + number * 1000, budgetMax: 150000 + number * 2000 });
    await projects.send(`/api/projects/${project.id}/publish`, { method: 'POST', body: {} });
  }
}

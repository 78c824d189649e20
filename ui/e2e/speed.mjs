// First load of the browse page as a slow phone sees it: processor four times
// slower; what DevTools called fast 3G: 562.5 ms until an answer begins, 1.44
// Mbit/s down, 675 kbit/s up; cold cache.
// Prints the largest contentful paint, long tasks and layout shift. Run: node e2e/speed.mjs
import PocketBase from 'pocketbase';
import { base, launch, password } from './browser.mjs';

const runs = Number(process.env.RUNS ?? 3);
const latency = Number(process.env.LATENCY ?? 562.5);
await enoughProjects();
const browser = await launch();
const all = [];
for (let run = 0; run < runs; run++) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.seen = { lcp: 0, element: '', long: [], shift: 0 };
    new PerformanceObserver((list) => { for (const one of list.getEntries()) { window.seen.lcp = one.startTime; window.seen.element = `${one.element?.tagName} ${one.element?.textContent?.slice(0, 40)}`; } }).observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => { for (const one of list.getEntries()) window.seen.long.push(Math.round(one.duration)); }).observe({ type: 'longtask', buffered: true });
    new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) window.seen.shift += one.value; }).observe({ type: 'layout-shift', buffered: true });
  });
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: 1.6e6 / 8 * 0.9, uploadThroughput: 750e3 / 8 * 0.9 });
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.goto(`${base}/projects`);
  await page.locator('article time').first().waitFor(); // written by the script
  await page.waitForTimeout(1000);
  const seen = await page.evaluate(() => ({ ...window.seen, fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0 }));
  all.push(seen);
  console.log(`fcp ${Math.round(seen.fcp)} ms, lcp ${Math.round(seen.lcp)} ms (${seen.element.trim()}), long tasks ${JSON.stringify(seen.long)} ms, layout shift ${seen.shift.toFixed(4)}`);
  await context.close();
}
await browser.close();

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

// First load of the browse page as a slow phone sees it: processor four times
// slower, 562 ms there and back (what DevTools calls fast 3G), cold cache.
// Prints the largest contentful paint, long tasks and layout shift. Run: node e2e/speed.mjs
import { base, launch } from './browser.mjs';

const runs = Number(process.env.RUNS ?? 3);
const latency = Number(process.env.LATENCY ?? 562.5);
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
  await session.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: -1, uploadThroughput: -1 });
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.goto(`${base}/projects`);
  await page.locator('article').first().waitFor();
  await page.waitForTimeout(1000);
  const seen = await page.evaluate(() => ({ ...window.seen, fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0 }));
  all.push(seen);
  console.log(`fcp ${Math.round(seen.fcp)} ms, lcp ${Math.round(seen.lcp)} ms (${seen.element.trim()}), long tasks ${JSON.stringify(seen.long)} ms, layout shift ${seen.shift.toFixed(4)}`);
  await context.close();
}
await browser.close();

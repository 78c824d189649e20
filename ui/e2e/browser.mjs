// What the browser tests share: Chromium, people with windows of their own, axe, screenshots.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const base = process.env.LANCERSHUB_URL ?? 'http://127.0.0.1:8090';
/** Where screenshots go; none are taken without it. */
const output = process.env.LANCERSHUB_SCREENSHOTS ?? '';
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** How long to wait for what must happen: far more than it takes, for a machine that is busy. */
const patienceMs = 60_000;

export const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 860 } };

export async function launch() {
  if (!existsSync(executablePath)) {
    throw new Error(`There is no Chromium at ${executablePath}. Install it (Debian: apt-get install chromium) or name another with CHROMIUM=/path.`);
  }
  return chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A window of one person. Errors on its console fail the test that ends with quiet(). */
export async function open(browser, { size = 'desktop', theme = 'light', language = 'en-GB' } = {}) {
  const context = await browser.newContext({
    viewport: sizes[size], colorScheme: theme, locale: language, timezoneId: 'Europe/Lisbon', baseURL: base,
    isMobile: size === 'phone', hasTouch: size === 'phone', deviceScaleFactor: 1, reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const noise = [];
  page.on('console', (message) => {
    // Refused requests are logged by the browser itself; the screens say them in words.
    if (message.type() === 'error' && !/Failed to load resource|ERR_INTERNET_DISCONNECTED/.test(message.text())) noise.push(message.text());
  });
  page.on('pageerror', (error) => noise.push(String(error.stack ?? error)));
  windows.push(page);
  return Object.assign(page, { noise, label: `${size}-${theme}${language.startsWith('ar') ? '-ar' : ''}` });
}

/** Runs a test's body; if it fails, keeps a picture of every window to see why. */
export function watched(body) {
  return async (t) => {
    try {
      await body(t);
    } catch (error) {
      for (const [number, page] of windows.entries()) {
        if (page.isClosed() || !output) continue;
        mkdirSync(output, { recursive: true });
        const path = join(output, `failed-${t.name.replace(/[^a-z0-9]+/gi, '-').slice(0, 60)}-${number}-${page.label}.png`);
        await page.screenshot({ path }).then(() => console.log(`kept ${path}, at ${page.url()}`), () => undefined);
      }
      throw error;
    } finally {
      await Promise.all(windows.splice(0).map((page) => page.context().close().catch(() => undefined)));
    }
  };
}

const windows = [];

export function quiet(page) {
  assert.deepEqual(page.noise, [], 'nothing is logged as an error');
}

const found = new Map();

/** Waits until nothing on the page is a stand-in any more, and nothing is half-way between two looks. */
export async function settled(page) {
  await page.waitForFunction(() => document.readyState === 'complete' && !document.querySelector('.shimmer')
    && document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getTiming().iterations === Infinity));
  await page.evaluate(() => document.fonts.ready.then(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))));
}

/** Waits for a page to settle, runs axe on it, and keeps a picture. */
export async function look(page, name) {
  await settled(page);
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const result = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return result.violations.map((one) => ({ id: one.id, impact: one.impact, nodes: one.nodes.slice(0, 4).map((node) => `${node.target.join(' ')} :: ${node.any.concat(node.all, node.none)[0]?.message ?? ''}`) }));
  });
  if (output) {
    await page.evaluate(() => scrollTo(0, 0));
    mkdirSync(output, { recursive: true });
    await page.screenshot({ path: join(output, `${name}-${page.label}.png`), fullPage: !/conversation|messages|dialog/.test(name), animations: 'disabled' });
  }
  // What reaches out of the window, the innermost of it.
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return '';
    const out = [...document.querySelectorAll('body *')].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 0 && (box.right > clientWidth + 0.5 || box.left < -0.5);
    });
    const inner = out.filter((one) => !out.some((other) => other !== one && one.contains(other)));
    return `by ${scrollWidth - clientWidth}: ${inner.slice(0, 3).map((one) => `<${one.tagName.toLowerCase()} class="${one.className}"> ${one.textContent.slice(0, 40)}`).join(' | ')}`;
  });
  if (violations.length > 0 || wide) found.set(`${name}-${page.label}`, { violations, wide });
}

/** Fails with everything axe (and sideways scrolling) found so far. */
export function nothingFound() {
  const lines = [...found].map(([page, one]) => `${page}${one.wide ? ` scrolls sideways ${one.wide}` : ''}\n${one.violations.map((v) => `  ${v.id} (${v.impact}): ${v.nodes.join(' | ')}`).join('\n')}`);
  found.clear();
  assert.equal(lines.join('\n'), '', 'axe finds nothing, and no page scrolls sideways');
}

export async function eventually(what, probe, timeoutMs = patienceMs) {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const result = await probe();
    if (result) return result;
    if (Date.now() > until) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

export const password = 'correct horse battery';

export async function signUp(page, name, role) {
  const email = `${role}-${Date.now()}-${Math.random().toString(36).slice(2, 8)}@example.com`;
  await page.goto(`/sign-up?role=${role}`);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-up'));
  return email;
}

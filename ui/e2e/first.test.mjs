// The first pages before the script has arrived: written by the server.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { eventually, launch, open, quiet, settled, watched } from './browser.mjs';
import { command, person } from './people.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** Holds the app's scripts back until go is called. */
async function withoutScript(page) {
  let go;
  const wait = new Promise((done) => { go = done; });
  await page.route('**/assets/*.js', async (route) => { await wait; await route.continue(); });
  return go;
}

test('the first pages are there before the script, and the script takes over', watched(async () => {
  const client = await person('Teapot Works', ['client']);
  const title = `Shelves of oak ${Date.now()}`;
  const project = await client.projects.collection('projects').create({ title, description: 'Three, with <b>brackets</b>.', category: 'other', skills: ['Wood'], currency: 'EUR', budgetMin: 20000, budgetMax: 60000 });
  await command(client.projects, `projects/${project.id}/publish`);

  const page = await open(browser, { size: 'phone' });
  const go = await withoutScript(page);
  await page.goto('/projects', { waitUntil: 'commit' });
  await page.getByRole('link', { name: title }).waitFor();
  await page.getByText('Three, with <b>brackets</b>.').waitFor();
  assert.equal(await page.locator('.first article time').count(), 0);
  await page.getByRole('searchbox').fill('shelves of oak');
  go();
  await page.locator('article time').first().waitFor();
  await page.waitForURL(/q=shelves%20of%20oak|q=shelves\+of\+oak/);
  assert.equal(await page.getByRole('searchbox').inputValue(), 'shelves of oak', 'what was typed before is searched for');
  assert.equal(await page.locator('.first').count(), 0);
  await settled(page);
  quiet(page);

  const arabic = await open(browser, { language: 'ar-EG' });
  const begin = await withoutScript(arabic);
  await arabic.goto('/', { waitUntil: 'commit' });
  await arabic.getByRole('link', { name: title }).waitFor();
  assert.equal(await arabic.evaluate(() => document.documentElement.dir), 'rtl');
  begin();
  await arabic.locator('article time').first().waitFor();
  await settled(arabic);
  quiet(arabic);
}));

test('what is typed while the app takes over is searched for, too', watched(async () => {
  const page = await open(browser, { size: 'phone' });
  // The last moment at which the server's page is there: React is about to clear it away.
  await page.addInitScript(() => {
    const text = Object.getOwnPropertyDescriptor(Node.prototype, 'textContent');
    Object.defineProperty(Node.prototype, 'textContent', { ...text, set(value) {
      const field = this.id === 'root' ? document.querySelector('.first input[type=search]') : null;
      if (field) field.value = 'typed in time';
      text.set.call(this, value);
    } });
  });
  await page.goto('/projects');
  await page.waitForURL(/q=typed/);
  await eventually('the app has it', async () => await page.getByRole('searchbox').inputValue() === 'typed in time');
  await page.getByRole('link', { name: 'LancersHub' }).first().click(); // and does not come back to it
  await page.getByRole('heading', { level: 1 }).waitFor();
  await settled(page);
  assert.equal(new URL(page.url()).pathname, '/');
  await settled(page);
  quiet(page);
}));

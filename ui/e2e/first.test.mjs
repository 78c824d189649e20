// The first pages before the script has arrived: written by the server.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { eventually, launch, open, quiet, settled, watched } from './browser.mjs';
import { command, person, signIn } from './people.mjs';

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
  const description = `${title}, with <b>brackets</b>.`;
  const project = await client.projects.collection('projects').create({ title, description, category: 'other', skills: ['Wood'], currency: 'EUR', budgetMin: 20000, budgetMax: 60000 });
  await command(client.projects, `projects/${project.id}/publish`);

  const page = await open(browser, { size: 'phone' });
  const go = await withoutScript(page);
  await page.goto('/projects', { waitUntil: 'commit' });
  await page.getByRole('link', { name: title }).waitFor();
  await page.getByText(description).waitFor();
  assert.equal(await page.locator('.first article time').count(), 0);
  const typing = page.getByRole('searchbox').pressSequentially('shelves of oak', { delay: 50 });
  go();
  await typing; // beginning on one page and ending on the other
  await page.waitForURL(/q=shelves%20of%20oak|q=shelves\+of\+oak/);
  await page.locator('article time').first().waitFor();
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
  // At the last moment at which only the server's page is there, and at the first at which it is gone.
  await page.addInitScript(() => {
    const { appendChild } = Node.prototype;
    Node.prototype.appendChild = function append(node) {
      const field = this.id === 'root' ? document.querySelector('.first input[type=search]') : null;
      if (field && !window.typed) {
        window.typed = true;
        field.focus();
        document.execCommand('insertText', false, 'typed ');
        setTimeout(() => document.execCommand('insertText', false, 'in time'));
      }
      return appendChild.call(this, node);
    };
  });
  await page.goto('/projects');
  await page.waitForURL(/q=typed(\+|%20)in(\+|%20)time/);
  assert.equal(await page.getByRole('searchbox').inputValue(), 'typed in time');
  await page.getByRole('link', { name: 'LancersHub' }).first().click(); // and does not come back to it
  await page.getByRole('heading', { level: 1 }).waitFor();
  await settled(page);
  assert.equal(new URL(page.url()).pathname, '/');
  quiet(page);
}));

test('the link that has the focus keeps it when the app takes over', watched(async () => {
  const client = await person('Teapot Works', ['client']);
  const title = `A rack for kettles ${Date.now()}`;
  const project = await client.projects.collection('projects').create({ title, description: 'Of ash.', category: 'other', skills: ['Wood'], currency: 'EUR', budgetMin: 20000, budgetMax: 60000 });
  await command(client.projects, `projects/${project.id}/publish`);
  for (const size of ['phone', 'desktop']) {
    const page = await open(browser, { size });
    const go = await withoutScript(page);
    await page.goto('/projects', { waitUntil: 'commit' });
    const link = page.getByRole('link', { name: title });
    await link.focus();
    const top = await link.evaluate((one) => Math.round(one.getBoundingClientRect().top));
    go();
    await page.locator('article time').first().waitFor();
    assert.equal(await page.locator('.first').count(), 0, 'it is the app\'s page');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), title);
    assert.equal(await link.evaluate((one) => Math.round(one.getBoundingClientRect().top)), top, 'it stands where it stood');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/projects/${project.id}`);
    await page.getByRole('heading', { name: title }).waitFor();
    quiet(page);
    await page.context().close();
  }
}));

test('nothing that is typed is lost on a slow phone, whenever it is typed', watched(async () => {
  const words = 'a logo and a website';
  for (const wait of [0, 150, 300, 450, 600]) {
    const page = await open(browser, { size: 'phone' });
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 6 });
    await page.goto('/projects', { waitUntil: 'commit' });
    const field = page.getByRole('searchbox');
    await field.waitFor();
    await page.waitForTimeout(wait);
    await field.focus();
    await page.keyboard.type(words, { delay: 25 }); // to whatever has the focus
    await eventually('it is in the address', () => new URL(page.url()).searchParams.get('q') === words);
    await settled(page);
    assert.equal(await field.inputValue(), words, `typed ${wait} ms after the first paint`);
    quiet(page);
    await page.context().close();
  }
}));

test('the search works before the script, or without it', watched(async () => {
  const page = await open(browser);
  await withoutScript(page);
  await page.goto('/', { waitUntil: 'commit' });
  await page.getByRole('searchbox').fill('oak shelves');
  await page.getByRole('searchbox').press('Enter');
  await page.waitForURL('**/projects?q=oak+shelves', { waitUntil: 'commit' });
}));

test('the fields follow the address where something else changes it', watched(async () => {
  const page = await open(browser);
  await page.goto('/projects');
  await page.locator('article time').first().waitFor();
  const field = page.getByRole('searchbox');
  const without = page.getByLabel('Without these words');
  await field.fill('website ');
  await page.waitForURL(/q=website/);
  await without.fill('logo');
  await page.waitForURL(/without=logo/);
  assert.equal(await field.inputValue(), 'website ', 'the space is not taken away from who types on');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await eventually('the filter is cleared', async () => await without.inputValue() === '');
  assert.equal((await field.inputValue()).trim(), 'website');
  await page.goBack();
  await eventually('it is back', async () => await without.inputValue() === 'logo');
  quiet(page);
}));

test('mails are in the language in which one uses the app', watched(async () => {
  const one = await person('Lina Haddad', ['client']);
  const page = await open(browser, { size: 'phone' });
  await signIn(page, one);
  await page.goto('/account/preferences');
  const stored = async () => (await one.users.collection('users').getOne(one.id)).language;
  await page.getByLabel('Language', { exact: true }).last().selectOption('ar');
  await eventually('it is told', async () => await stored() === 'ar');
  await page.reload();
  await eventually('the page is Arabic', () => page.evaluate(() => document.documentElement.dir === 'rtl'));
  await page.locator('select').last().selectOption('en');
  await eventually('and told again', async () => await stored() === 'en');
  quiet(page);
}));

// Single screens: right-to-left, a dashboard with a past, long conversations,
// sessions, pictures, the keyboard, and an old tab.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { eventually, launch, look, nothingFound, open, password, quiet, watched } from './browser.mjs';
import { hired, past, person, signIn } from './people.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const [size, theme] of [['phone', 'light'], ['desktop', 'dark']]) {
  test(`right to left, on a ${size} (${theme})`, { timeout: 300_000 }, watched(async () => {
    const { freelancer, contract, chat, project } = await hired(['client'], { fund: true });
    const page = await open(browser, { size, theme, language: 'ar-EG' });
    await page.goto('/');
    assert.equal(await page.locator('html').getAttribute('dir'), 'rtl');
    await look(page, '40-home');
    await page.goto('/sign-up');
    await look(page, '41-sign-up');
    await signIn(page, freelancer);
    for (const [name, path] of [['42-browse', '/projects'], ['45-messages', `/messages/${chat.id}`], ['46-work', '/work'], ['47-account', '/account'], ['48-notifications', '/notifications'], ['49-project', `/projects/${project.id}`]]) {
      await page.goto(path);
      await page.locator('h1').first().waitFor({ state: 'attached' });
      await look(page, name);
    }
    await page.goto(`/contracts/${contract.id}`);
    await page.getByRole('button', { name: 'سلّم العمل' }).first().waitFor();
    await look(page, '44-room');
    const other = await open(browser, { size, theme, language: 'ar-EG' });
    await signIn(other, past);
    await other.goto('/dashboard');
    await other.locator('.recharts-bar-rectangle').first().waitFor();
    await look(other, '43-dashboard');
    quiet(other);
    quiet(page);
    nothingFound();
    await page.context().close();
  }));
}

for (const [size, theme] of [['desktop', 'light'], ['phone', 'light'], ['desktop', 'dark']]) {
  test(`a dashboard with a past, on a ${size} (${theme})`, { timeout: 300_000 }, watched(async () => {
    const page = await open(browser, { size, theme });
    await signIn(page, past);
    await page.goto('/dashboard');
    await page.getByText('What to expect').waitFor();
    await page.locator('.recharts-bar-rectangle').first().waitFor();
    await page.getByText('Show the figures').first().click();
    await page.getByRole('rowheader').first().waitFor();
    await look(page, '50-dashboard-past');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).first().click()]);
    assert.match(download.suggestedFilename(), /^lancershub-income-EUR-months\.csv$/);
    await page.getByRole('button', { name: '12 months ahead' }).click();
    await page.waitForURL(/months=12/);
    quiet(page);
    nothingFound();
    await page.context().close();
  }));
}

test('ten thousand messages are scrolled through without loading them all', { timeout: 300_000 }, watched(async () => {
  const { client, freelancer, chat } = await hired();
  const page = await open(browser);
  const asked = [];
  const message = (seq) => ({ id: `m${seq}`, chat: chat.id, seq, change: seq, replyTo: '', mentions: [], reactions: null, sender: seq % 3 ? freelancer.id : client.id, kind: 'user', body: `Message number ${seq}. ${'More words to make lines of different length. '.repeat(seq % 5)}`, clientId: '', editedAt: '', deletedAt: '', created: new Date(Date.UTC(2026, 0, 1) + seq * 600_000).toISOString().replace('T', ' '), updated: `${seq}` });
  await page.route('**/api/chats/api/chats/*/messages?**', (route, request) => {
    const query = new URL(request.url()).searchParams;
    const from = Number(query.get('after')) + 1;
    asked.push(from);
    return route.fulfill({ json: { lastChange: 10000, items: Array.from({ length: Math.min(Number(query.get('limit')), 10000 - from + 1) }, (_, index) => message(from + index)) } });
  });
  await page.route('**/api/chats/api/collections/members/records?**', async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    for (const row of json.items) { row.expand.chat.lastSeq = 10000; row.lastReadSeq = 10000; row.ownAfter = 0; }
    return route.fulfill({ json });
  });
  await signIn(page, client);
  await page.goto(`/messages/${chat.id}`);
  await page.getByText('Message number 10000.').first().waitFor();
  await look(page, '60-conversation-long');
  const log = page.getByRole('log');
  // Frames while scrolling up for three seconds, as a wheel would.
  const frames = await log.evaluate(async (box) => {
    const times = [];
    const end = performance.now() + 3000;
    let last = performance.now();
    while (performance.now() < end) {
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      times.push(now - last);
      last = now;
      box.scrollTop -= 120;
    }
    times.sort((a, b) => a - b);
    return { frames: times.length, median: times[Math.floor(times.length / 2)], p95: times[Math.floor(times.length * 0.95)], rows: box.querySelectorAll('[data-index]').length };
  });
  console.log('scrolling:', JSON.stringify(frames));
  assert.ok(frames.rows < 80, `only what is seen is in the page, got ${frames.rows} rows`);
  await log.evaluate((box) => { box.scrollTop = 0; });
  await page.getByText('Message number 1.').first().waitFor();
  assert.ok(asked.length < 60, `asked ${asked.length} times`);
  await look(page, '61-conversation-top');
  quiet(page);
  nothingFound();
  await page.context().close();
}));

test('searching a chat, muting it, and what is new while reading further up', { timeout: 300_000 }, watched(async () => {
  const { client, freelancer, chat } = await hired();
  for (let number = 1; number <= 60; number++) await freelancer.chats.collection('messages').create({ chat: chat.id, body: number === 7 ? 'The glaze is called celadon' : `Line ${number}`, clientId: `n${number}` });
  const page = await open(browser, { size: 'phone' });
  await signIn(page, client);
  await page.goto('/messages');
  await page.getByText('60 unread messages').or(page.getByText('61 unread messages')).first().waitFor({ state: 'attached' });
  await look(page, '64-messages-list');
  await page.getByRole('link', { name: /Studio North/ }).click();
  const log = page.getByRole('log');
  await log.getByText('Line 60', { exact: true }).waitFor();
  await eventually('all is read', async () => (await client.chats.collection('members').getFullList({ filter: `user = "${client.id}"` }))[0].lastReadSeq === 61);
  await page.getByRole('button', { name: 'Search this chat' }).click();
  await page.getByRole('searchbox', { name: 'Search this chat' }).fill('celadon');
  await page.getByRole('button', { name: /celadon/ }).click();
  await log.getByText('The glaze is called celadon').waitFor();
  assert.ok(await log.getByText('The glaze is called celadon').isVisible());
  await look(page, '65-conversation-found');
  await freelancer.chats.collection('messages').create({ chat: chat.id, body: 'One more thing', clientId: 'more' });
  await page.getByRole('button', { name: '1 new message' }).click();
  await log.getByText('One more thing').waitFor();
  await page.getByRole('button', { name: 'More about this chat' }).click();
  await page.getByRole('button', { name: 'Mute this chat' }).click();
  await eventually('it is muted', async () => (await client.chats.collection('members').getFullList({ filter: `user = "${client.id}"` }))[0].muted === true);
  quiet(page);
  nothingFound();
  await page.context().close();
}));

test('an expired access token is renewed without a word, and only once', { timeout: 300_000 }, watched(async () => {
  const { client, contract } = await hired();
  const page = await open(browser);
  await signIn(page, client);
  const old = await page.evaluate(() => JSON.parse(localStorage.getItem('lancershub_auth')).token);
  await new Promise((done) => setTimeout(done, 1100)); // a token of the same second would be the same
  let refreshes = 0;
  await page.route('**/auth-refresh', (route) => { refreshes++; return route.fallback(); });
  await page.route('**/api/projects/api/**', (route, request) => (request.headers().authorization === old
    ? route.fulfill({ status: 401, json: { status: 401, message: 'Expired.', data: { code: 'token_expired' } } }) : route.fallback()));
  await page.goto(`/contracts/${contract.id}`);
  await page.getByText('It is your turn').waitFor();
  assert.equal(refreshes, 1);
  quiet(page);
  await page.context().close();
}));

test('several tabs renew one after the other and stay signed in', { timeout: 300_000 }, watched(async () => {
  const one = await person('Teapot Works', ['client']);
  const page = await open(browser);
  await signIn(page, one);
  // The token in storage is made to look as if it ended: every tab then renews before its first request.
  const tabs = [page, await page.context().newPage(), await page.context().newPage(), await page.context().newPage()];
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem('lancershub_auth'));
    const [head, body, tail] = kept.token.split('.');
    const claims = JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/')));
    kept.token = [head, btoa(JSON.stringify({ ...claims, exp: 1 })), tail].join('.');
    localStorage.setItem('lancershub_auth', JSON.stringify(kept));
  });
  await Promise.all(tabs.map((tab) => tab.goto('/work/projects')));
  for (const tab of tabs) await tab.getByText('No projects yet').waitFor();
  await page.context().close();
}));

test('signing out elsewhere ends the other window', { timeout: 300_000 }, watched(async () => {
  const one = await person('Teapot Works', ['client']);
  const [here, there] = [await open(browser), await open(browser)];
  await signIn(here, one);
  await signIn(there, one);
  await here.goto('/account/security');
  await here.getByRole('button', { name: 'Sign out there' }).first().waitFor();
  await look(here, '62-sessions');
  await here.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await here.getByText('Signed out there.').waitFor();
  await eventually('the other window asks to sign in', async () => {
    await there.goto('/work/projects');
    return there.waitForURL(/sign-in/, { timeout: 3000 }).then(() => true, () => false);
  });
  await here.goto('/work/projects');
  await here.getByText('No projects yet').waitFor();
  await here.context().close();
  await there.context().close();
}));

test('a picture and a new password', { timeout: 300_000 }, watched(async () => {
  const one = await person('Studio North', ['freelancer']);
  const page = await open(browser);
  await signIn(page, one);
  await page.goto('/account');
  const picture = await page.screenshot({ clip: { x: 0, y: 0, width: 64, height: 64 } });
  await page.locator('input[type=file]').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: picture });
  await page.getByText('Saved.').waitFor();
  await page.locator('main img').first().waitFor();
  await eventually('the picture is shown', () => page.locator('main img').first().evaluate((image) => image.complete && image.naturalWidth > 0));
  await page.goto('/account/security');
  await page.getByRole('button', { name: 'Send confirmation e-mail' }).waitFor();
  await page.getByLabel('Present password').fill('not this one');
  await page.getByLabel('New password').fill('another long password');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('This is not your present password.').waitFor();
  await page.getByLabel('Present password').fill(password);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('Your password is changed.').waitFor();
  await page.goto('/work/proposals');
  await page.getByText('No proposals yet').waitFor();
  quiet(page);
  nothingFound();
  await page.context().close();
}));

test('the keyboard reaches everything, and menus and dialogs give the focus back', { timeout: 300_000 }, watched(async () => {
  const { client, contract } = await hired();
  const page = await open(browser);
  await signIn(page, client);
  await page.goto(`/contracts/${contract.id}`);
  const fund = page.getByRole('button', { name: 'Fund milestone' }).first();
  await fund.waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await fund.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  assert.ok(await page.evaluate(() => document.querySelector('dialog[open]').contains(document.activeElement)));
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Fund milestone');
  const menu = page.getByRole('button', { name: 'Theme and language' });
  await menu.focus();
  await page.keyboard.press('Enter');
  await page.getByText('Dark', { exact: true }).click();
  assert.ok(await page.locator('html.dark').count());
  await page.keyboard.press('Escape');
  assert.equal(await menu.evaluate((one) => one === document.activeElement), true);
  await page.reload();
  assert.ok(await page.locator('html.dark').count(), 'the theme is remembered');
  quiet(page);
  await page.context().close();
}));

test('a part of the app that is gone after an update asks to load again', { timeout: 300_000 }, watched(async () => {
  const page = await open(browser);
  await page.goto('/projects');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.route('**/assets/directory-*.js', (route) => route.fulfill({ status: 404, body: '' }));
  await page.getByRole('link', { name: 'Freelancers' }).first().click();
  await page.getByRole('heading', { name: 'A newer version is here' }).waitFor({ state: 'attached' });
  await look(page, '63-stale');
  nothingFound();
  await page.context().close();
}));

test('a page that was not loaded yet is waited for without a connection', { timeout: 300_000 }, watched(async () => {
  const page = await open(browser, { size: 'phone' });
  await page.goto('/projects');
  await page.getByRole('heading', { level: 1, name: 'Open projects' }).waitFor();
  await page.context().setOffline(true);
  await page.getByRole('link', { name: 'Freelancers' }).first().click();
  await page.getByText('You are offline').first().waitFor();
  await page.getByRole('heading', { level: 1, name: 'Loading' }).waitFor({ state: 'attached' });
  await page.context().setOffline(false);
  await page.getByRole('heading', { level: 1, name: 'Freelancers' }).waitFor();
  await page.context().close();
}));

test('what is written for a new project outlives a reload, and neither its sending nor the sign-out', { timeout: 300_000 }, watched(async () => {
  const one = await person('Teapot Works', ['client']);
  const page = await open(browser);
  await signIn(page, one);
  await page.goto('/projects/new');
  await page.getByLabel('Title').fill('A shelf for teapots');
  await page.getByLabel('From').fill('120.50');
  await page.reload();
  await eventually('it is there again', async () => (await page.getByLabel('Title').inputValue()) === 'A shelf for teapots' && (await page.getByLabel('From').inputValue()) === '120.50');
  await page.getByRole('button', { name: 'Save draft' }).click();
  await page.getByRole('heading', { level: 1, name: 'A shelf for teapots' }).waitFor();
  await page.goto('/projects/new');
  await page.getByLabel('Title').waitFor();
  assert.equal(await page.getByLabel('Title').inputValue(), '');
  await page.getByLabel('Title').fill('A secret shelf');
  const kept = () => page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('lancershub_kept')).length);
  await eventually('it is kept', async () => await kept() === 1);
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await eventually('nothing is left', async () => await kept() === 0);
  quiet(page);
  await page.context().close();
}));

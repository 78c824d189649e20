// Every way to prove who one is, with a mail server and an OpenID Connect provider:
// password and code, a code alone, the provider's window, and all of them once more
// when a sign-in is too old for what is to be done.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { base, eventually, launch, look, nothingFound, open, password, quiet, signUp, watched } from '../browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const users = `${base}/api/users/api`;

/** What an operator does in the admin UI. */
async function operator(path, body) {
  const answer = await fetch(`${users}/collections/${path}`, {
    method: body ? 'PATCH' : 'GET', body: body && JSON.stringify(body),
    headers: { Authorization: process.env.LANCERSHUB_SUPERUSER, 'Content-Type': 'application/json' },
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

const liveSessions = async (user) => (await operator(`sessions/records?filter=${encodeURIComponent(`user='${user}' && revokedAt=''`)}`)).items;

/** The code of the next mail; older ones have been read. */
async function mailedCode(email) {
  return eventually(`a code for ${email}`, async () => {
    const mails = await (await fetch(process.env.LANCERSHUB_MAILS)).json();
    const mail = (mails ?? []).findLast((one) => one.includes(email) && /<strong>\d{8}<\/strong>/.test(one));
    return mail?.match(/<strong>(\d{8})<\/strong>/)[1];
  });
}

const stored = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('lancershub_auth')));

/** Lets the sign-in of a window be of twenty minutes ago, and renews its access token, which says so. */
async function age(page) {
  const { record } = await stored(page);
  for (const one of await liveSessions(record.id)) {
    await operator(`sessions/records/${one.id}`, { authAt: new Date(Date.now() - 20 * 60_000).toISOString().replace('T', ' ') });
  }
  const status = await page.evaluate(async () => {
    const kept = JSON.parse(localStorage.getItem('lancershub_auth'));
    const answer = await fetch('/api/users/api/collections/users/auth-refresh', { method: 'POST', headers: { Authorization: kept.token } });
    if (answer.ok) localStorage.setItem('lancershub_auth', JSON.stringify({ ...kept, token: (await answer.json()).token }));
    return answer.status;
  });
  assert.equal(status, 200, 'the cookie of the session renews it');
}

async function signOut(page) {
  await page.goto('/account');
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in' }).first().waitFor();
  await page.goto('/sign-in');
}

const signedIn = (page) => page.waitForURL((url) => url.pathname !== '/sign-in');

async function enterCode(where, email) {
  const code = await mailedCode(email);
  await where.getByLabel('Code of 8 digits').fill(code);
  await where.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Chooses a person in the provider's window. */
async function choose(page, where, name) {
  const opened = page.waitForEvent('popup');
  await where.getByRole('button', { name: 'Continue with Guild' }).click();
  const popup = await opened;
  const closed = popup.waitForEvent('close'); // by the page that opened it
  await popup.getByRole('link', { name, exact: true }).click().catch((error) => { if (!popup.isClosed()) throw error; });
  await closed;
}

/** Opens the provider's window and closes it without choosing anybody: the buttons are free again. */
async function closeWithoutChoosing(page, where) {
  const opened = page.waitForEvent('popup');
  const button = where.getByRole('button', { name: 'Continue with Guild' });
  await button.click();
  const popup = await opened;
  await popup.getByRole('link', { name: 'Ada', exact: true }).waitFor();
  assert.equal(await button.isEnabled(), false);
  await popup.close();
  await where.getByText('The window was closed before you had chosen').waitFor();
  assert.equal(await button.isEnabled(), true);
}

/** Confirms who one is, after which what was asked for is done. */
async function confirmByPassword(page) {
  const dialog = page.getByRole('dialog', { name: 'Is it you?' });
  await dialog.getByLabel('Password').fill(password);
  await dialog.getByRole('button', { name: 'Go on' }).click();
}

/** Asks for a new destination with an old sign-in, up to the question who it is. */
async function askWithOldSignIn(page, label) {
  await age(page);
  await page.goto('/payouts');
  await page.getByRole('button', { name: /^(Add|Change) destination$/ }).click();
  await page.getByRole('dialog').getByLabel('Name').fill(label);
  await page.getByRole('dialog').getByLabel('Account', { exact: true }).fill('test_bank:4711');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog', { name: 'Is it you?' });
  await dialog.waitFor();
  return dialog;
}

/** What was typed is saved, the page is the same, and one session is left. */
async function goesOn(page, label, id) {
  await page.getByText(label, { exact: true }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/payouts');
  await eventually('the session before ends', async () => (await liveSessions(id)).length === 1);
}

async function switchFactor(page, on) {
  await page.goto('/account/security');
  const name = on ? 'Switch on' : 'Switch off';
  await page.getByRole('button', { name }).click();
  await page.getByRole('dialog').getByRole('button', { name }).click();
  await page.getByText(on ? 'It is on.' : 'It is off.', { exact: true }).waitFor();
}

test('all ways to sign in, and in again', { timeout: 300_000 }, watched(async () => {
  const page = await open(browser, { size: 'phone' });
  await page.goto('/sign-up');
  await page.getByRole('button', { name: 'Continue with Guild' }).waitFor();
  await look(page, '95-sign-up');
  const email = await signUp(page, 'Ada Lind', 'freelancer');
  const { record: { id } } = await stored(page);
  await operator(`users/records/${id}`, { verified: true });
  await fetch(`${process.env.LANCERSHUB_MAILS}?ada=${encodeURIComponent(email)}`); // the provider knows her by this address

  // A password and a mailed code.
  await switchFactor(page, true);
  await look(page, '96-second-factor');
  await signOut(page);
  await page.getByRole('button', { name: 'Continue with Guild' }).waitFor();
  await look(page, '95-sign-in');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByLabel('Code of 8 digits').waitFor();
  await look(page, '96-code');
  await enterCode(page, email);
  await signedIn(page);
  assert.equal((await liveSessions(id)).length, 1);

  // Both once more, when a destination is added with an old sign-in.
  let dialog = await askWithOldSignIn(page, 'With both');
  await dialog.getByRole('button', { name: 'Continue with Guild' }).waitFor();
  await look(page, '97-again-dialog');
  await dialog.getByLabel('Password').fill('not this one');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await dialog.getByText('This is not your present password.').waitFor();
  await dialog.getByLabel('Password').fill(password);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await dialog.getByLabel('Code of 8 digits').waitFor();
  await look(page, '97-again-dialog-code');
  await enterCode(dialog, email);
  await goesOn(page, 'With both', id);

  // A code first, then the password.
  dialog = await askWithOldSignIn(page, 'Code first');
  await dialog.getByRole('button', { name: 'Send me a code instead' }).click();
  await enterCode(dialog, email);
  await dialog.getByText('This account also asks for the password.').waitFor();
  await dialog.getByLabel('Password').fill(password);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await goesOn(page, 'Code first', id);

  // The provider, then a code.
  dialog = await askWithOldSignIn(page, 'Guild first');
  await choose(page, dialog, 'Ada');
  await enterCode(dialog, email);
  await goesOn(page, 'Guild first', id);

  // A code alone.
  await switchFactor(page, false);
  await signOut(page);
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Send me a code instead' }).click();
  await enterCode(page, email);
  await signedIn(page); // her fifth code: more are not taken within three minutes

  // What else needs a fresh sign-in: it is asked for and done, without leaving the page.
  await age(page);
  await page.goto('/account/security');
  await page.getByRole('button', { name: 'Switch on' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Switch on' }).click();
  await page.getByRole('dialog', { name: 'Is it you?' }).getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Switch on' }).click(); // given up, and asked for again
  await confirmByPassword(page);
  await page.getByText('It is on.', { exact: true }).waitFor();
  await switchFactor(page, false);
  await age(page);
  await page.goto('/account/data');
  await page.getByRole('button', { name: 'Download my data' }).click();
  const saved = page.waitForEvent('download');
  await confirmByPassword(page);
  assert.match((await saved).suggestedFilename(), /\.zip$/);

  // The provider's window, first closed and then used.
  await signOut(page);
  await closeWithoutChoosing(page, page);
  await look(page, '95-sign-in-closed');
  await choose(page, page, 'Ada');
  await signedIn(page);
  assert.equal((await stored(page)).record.id, id);
  dialog = await askWithOldSignIn(page, 'With the guild');
  await closeWithoutChoosing(page, dialog);
  await choose(page, dialog, 'Ada');
  await goesOn(page, 'With the guild', id);

  // Somebody who has an account of their own does not become her, nor she them.
  const other = await open(browser);
  await other.goto('/sign-up?role=freelancer');
  await choose(other, other, 'Bo');
  await other.waitForURL((url) => url.pathname !== '/sign-up');
  const bo = (await stored(other)).record.id;
  assert.notEqual(bo, id);
  dialog = await askWithOldSignIn(page, 'As Bo');
  const told = page.getByText('You signed in as somebody else.').waitFor();
  await choose(page, dialog, 'Bo');
  await told;
  await page.waitForURL((url) => url.pathname === '/sign-in');
  assert.equal(await stored(page), null, 'nobody is signed in');
  await eventually('her session and the one begun as Bo end', async () => (await liveSessions(id)).length === 0 && (await liveSessions(bo)).length === 1);
  assert.equal((await page.context().cookies(`${base}/api/users`)).length, 0, 'and no cookie is left');

  // The last thing that needs one.
  await age(other);
  await other.goto('/account/data');
  await other.getByRole('button', { name: 'Close my account' }).click();
  await other.getByRole('dialog').getByRole('button', { name: 'Close my account' }).click();
  await choose(other, other.getByRole('dialog', { name: 'Is it you?' }), 'Bo');
  await eventually('the account is closed', async () => (await stored(other)) === null);

  quiet(page);
  quiet(other);
  nothingFound();
}));

// People: reviews that stay sealed, profiles, the directory, taking one's data
// away, closing an account. What leads up to it is done over the API.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { base, eventually, launch, look, nothingFound, open, password, quiet, watched } from './browser.mjs';

async function api(token, method, path, body) {
  const answer = await fetch(base + path, {
    method, headers: { 'Content-Type': 'application/json', Authorization: token, 'Idempotency-Key': crypto.randomUUID() }, body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : {};
}

async function person(name, role) {
  const email = `${role}-${Date.now()}-${Math.random().toString(36).slice(2, 8)}@example.com`;
  const users = '/api/users/api/collections/users';
  await api('', 'POST', `${users}/records`, { email, password, passwordConfirm: password, name, roles: [role] });
  const { token, record } = await api('', 'POST', `${users}/auth-with-password`, { identity: email, password });
  return { id: record.id, email, token, name };
}

/** A contract whose work was approved and paid. */
async function finished(client, freelancer, title) {
  const records = '/api/projects/api/collections';
  const project = await api(client.token, 'POST', `${records}/projects/records`, { title, currency: 'EUR', budgetMin: 50000, budgetMax: 90000 });
  await api(client.token, 'POST', `/api/projects/api/projects/${project.id}/publish`, {});
  const proposal = await api(freelancer.token, 'POST', `${records}/proposals/records`, { project: project.id, amount: 80000, days: 5, coverLetter: 'I can do this.' });
  const { milestone, contract } = await api(client.token, 'POST', `/api/projects/api/proposals/${proposal.id}/accept`, {});
  await api(client.token, 'POST', '/api/payments/api/collections/payments/records', { project: project.id, milestone: milestone.id, amount: 80000, currency: 'EUR' });
  const status = async () => (await api(client.token, 'GET', `${records}/milestones/records/${milestone.id}`)).status;
  await eventually('the milestone is funded', async () => (await status()) === 'funded');
  await api(freelancer.token, 'POST', `/api/projects/api/milestones/${milestone.id}/submit`, {});
  await api(client.token, 'POST', `/api/projects/api/milestones/${milestone.id}/approve`, {});
  await eventually('the contract is complete', async () => (await api(client.token, 'GET', `${records}/contracts/records/${contract.id}`)).status === 'completed');
  return contract.id;
}

async function enter(page, who, next) {
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByLabel('E-mail').fill(who.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).last().click();
  await page.waitForURL((url) => url.pathname === next);
}

/** Presses a star of the first question; the radio button itself is for keyboards and screen readers. */
async function rate(page, stars) {
  const question = page.getByRole('group', { name: /How was it/ });
  await question.locator(`label:has(input[value="${stars}"])`).click();
  assert.ok(await question.getByRole('radio', { name: `${stars} stars of 5` }).isChecked());
}

test('two people review each other, double-blind; one takes the data away and leaves', { timeout: 600_000 }, watched(async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  const ada = await person('Ada Client', 'client');
  const ben = await person('Ben Freelancer', 'freelancer');
  const title = `A teapot catalogue ${Date.now() % 100000}`;
  const contract = await finished(ada, ben, title);
  const client = await open(browser, { size: 'desktop', theme: 'light' });
  const freelancer = await open(browser, { size: 'phone', theme: 'dark' });

  await enter(client, ada, `/contracts/${contract}`);
  await client.getByRole('button', { name: 'Seal my review' }).click();
  await client.getByText('Choose from one to five stars.').waitFor();
  await rate(client, 5);
  await client.getByLabel('In words').fill('Careful, quick, and the catalogue sells.');
  await look(client, '60-review-write');
  await client.getByRole('button', { name: 'Seal my review' }).click();
  await client.getByText('Sealed. It is published when').waitFor();
  await look(client, '61-review-sealed');

  await enter(freelancer, ben, `/contracts/${contract}`);
  await freelancer.getByText('Ada Client has reviewed you.').waitFor();
  assert.equal(await freelancer.getByText('the catalogue sells').count(), 0, 'a sealed review is not on the page');
  await rate(freelancer, 4);
  await freelancer.getByLabel('In words').fill('Clear words and prompt payment.');
  await look(freelancer, '62-review-other-wrote');
  await freelancer.getByRole('button', { name: 'Seal my review' }).click();
  await freelancer.getByText('the catalogue sells').waitFor();
  await freelancer.getByRole('button', { name: 'Reply' }).click();
  await freelancer.getByLabel('Your reply').fill('It was a pleasure.');
  await freelancer.getByRole('dialog').getByRole('button', { name: 'Reply' }).click();
  await freelancer.getByText('It was a pleasure.').waitFor();
  await look(freelancer, '63-review-published');

  // Everybody reads it, in both languages.
  for (const look4 of [{ size: 'phone', theme: 'light' }, { size: 'desktop', theme: 'dark', language: 'ar' }]) {
    const guest = await open(browser, look4);
    await eventually('the rating is on the profile', async () => {
      await guest.goto(`/people/${ben.id}`);
      await guest.getByText('the catalogue sells').waitFor();
      return (await guest.getByText(/5[.,]0|٥٫٠/).count()) > 0;
    });
    await look(guest, '64-profile');
    await guest.goto('/freelancers?sort=rating&stars=4');
    await guest.getByRole('heading', { level: 2 }).first().waitFor();
    await look(guest, '65-directory');
    quiet(guest);
  }

  await freelancer.goto('/account/security');
  await freelancer.getByText('The operator has not set up e-mail').waitFor();
  await look(freelancer, '66-security');
  await client.goto('/account/data');
  const download = client.waitForEvent('download');
  await client.getByRole('button', { name: 'Download my data' }).click();
  const archive = readFileSync(await (await download).path());
  assert.equal(archive.subarray(0, 2).toString(), 'PK', 'an archive');
  await client.getByText('Your archive is downloaded.').waitFor();
  await look(client, '67-data');
  await freelancer.goto('/account/data');
  await freelancer.getByRole('button', { name: 'Close my account' }).click();
  await freelancer.getByRole('dialog').getByRole('button', { name: 'Close my account' }).click();
  await freelancer.getByText('You have money to be paid out.').waitFor();
  await look(freelancer, '68-close-dialog');
  await client.getByRole('button', { name: 'Close my account' }).click();
  await client.getByRole('dialog').getByRole('button', { name: 'Close my account' }).click();
  await client.waitForURL(/\/sign-in/);
  await freelancer.goto(`/contracts/${contract}`);
  await eventually('the name is gone', async () => {
    await freelancer.reload();
    return freelancer.getByText('Closed account').first().waitFor({ timeout: 5000 }).then(() => true, () => false);
  });
  quiet(client);
  quiet(freelancer);
  nothingFound();
}));

test('links of mails that are old say so; codes are offered only where there is mail', { timeout: 300_000 }, watched(async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  for (const how of [{ size: 'phone', theme: 'dark' }, { size: 'desktop', theme: 'light', language: 'ar' }]) {
    const page = await open(browser, how);
    for (const path of ['confirm-email', 'reset-password', 'change-email']) {
      await page.goto(`/${path}#not-a-token`);
      const button = page.locator('form button[type=submit]');
      if (path !== 'confirm-email') {
        await page.locator('input[type=password]').fill(password);
        await button.click();
      }
      await page.getByRole('alert').waitFor();
      await look(page, `69-${path}`);
    }
    quiet(page);
  }
  nothingFound();
}));

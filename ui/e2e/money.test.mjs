// A freelancer's money: a destination, a payout, the statement; a client's payments.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { eventually, launch, look, nothingFound, open, quiet, watched } from './browser.mjs';
import { command, hired, signIn } from './people.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('released money is paid out to a destination that has cooled off', { timeout: 600_000 }, watched(async () => {
  const { client, freelancer, milestone } = await hired(['client'], { fund: true });
  const page = await open(browser, { size: 'phone' });
  await signIn(page, freelancer);
  await page.goto('/payouts');
  await page.getByText('Nothing has been released to you yet.').waitFor();
  await look(page, '80-payouts-empty');
  await command(client.projects, `milestones/${milestone.id}/approve`);
  await page.getByText('€405.00').first().waitFor();
  await page.getByText('Say first where your money goes.').waitFor();

  // The first answer is played: a session that old takes a quarter of an hour to make.
  let asked = 0;
  await page.route('**/collections/payoutDestinations/records**', (route, request) => (request.method() === 'POST' && asked++ === 0
    ? route.fulfill({ status: 403, json: { status: 403, message: 'Sign in again.', data: { code: 'sign_in_again' } } }) : route.fallback()));
  await page.getByRole('button', { name: 'Add destination' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Savings account');
  await page.getByRole('dialog').getByLabel('Account', { exact: true }).fill('test_bank:4711');
  await look(page, '81-destination-dialog');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog', { name: 'Is it you?' }).waitFor();
  await look(page, '82-again-dialog');
  await page.getByRole('dialog').getByLabel('Password').fill('not this one');
  await page.getByRole('dialog').getByRole('button', { name: 'Go on' }).click();
  await page.getByText('This is not your present password.').waitFor();
  await page.getByRole('dialog').getByLabel('Password').fill('correct horse battery');
  await page.getByRole('dialog').getByRole('button', { name: 'Go on' }).click();
  await page.getByText('Saved. It can be used when it has cooled off.').waitFor();
  await page.getByText('…4711').waitFor();
  await page.getByText('Ready', { exact: true }).waitFor(); // told by a notification
  await page.getByRole('button', { name: 'Pay out' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Amount', { exact: true }).fill('4000');
  await dialog.getByText('More than what is available.').waitFor();
  await dialog.getByLabel('Amount', { exact: true }).fill('400');
  await look(page, '83-payout-dialog');
  await dialog.getByRole('button', { name: 'Pay out' }).click();
  await page.getByText('The payout is on its way.').waitFor();
  await page.getByText('Arrived', { exact: true }).waitFor();
  await page.getByText('€5.00').first().waitFor();
  await look(page, '84-payouts');

  await page.getByRole('link', { name: 'Statement' }).click();
  await page.getByText('Paid out').first().waitFor();
  await look(page, '85-statement');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()]);
  const csv = await readFile(await file.path(), 'utf8');
  assert.match(csv, /EUR,release,405\.00,405\.00/);
  assert.match(csv, /EUR,payout,-400\.00,5\.00/);
  quiet(page);
  nothingFound();
}));

test('a client sees all payments and where the money went', { timeout: 300_000 }, watched(async () => {
  const { client } = await hired(['client'], { fund: true });
  const page = await open(browser, { theme: 'dark' });
  await signIn(page, client);
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('link', { name: 'Money' }).click();
  await page.getByText('to Studio North').waitFor();
  await look(page, '86-payments');
  await page.getByRole('link', { name: 'Statement' }).click();
  await page.getByText('Paid in and held').waitFor();
  await page.getByLabel('Up to and with').fill('2020-01-01');
  await page.getByText('No movements').waitFor();
  await eventually('the days are in the address', async () => page.url().includes('to=2020-01-01'));
  await page.getByRole('link', { name: 'Payments' }).click();
  await page.getByRole('link', { name: 'Photographs of teapots' }).click();
  await page.waitForURL(/\/contracts\//);
  quiet(page);
  nothingFound();
}));

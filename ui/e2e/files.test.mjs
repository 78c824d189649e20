// Files: deliverables in parts with a line cut in the middle, attachments in a
// chat, samples with a proposal, and the invoice of it all.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { eventually, launch, look, nothingFound, open, quiet, watched } from './browser.mjs';
import { command, hired, signIn } from './people.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('a deliverable survives a line cut in the middle of its upload, and is invoiced when paid', { timeout: 600_000 }, watched(async () => {
  const { client, freelancer, contract, milestone } = await hired(['client'], { fund: true });
  const [page, other] = [await open(browser, { size: 'phone' }), await open(browser, { theme: 'dark' })];
  await Promise.all([signIn(page, freelancer), signIn(other, client)]);
  await page.goto(`/contracts/${contract.id}`);
  await page.getByRole('button', { name: 'Add deliverables' }).waitFor();
  // The line breaks while the second of three parts is on its way.
  let parts = 0;
  await page.route('**/s3/**', async (route) => {
    if (route.request().method() === 'PUT' && ++parts === 2) {
      await page.context().setOffline(true);
      return route.abort('internetdisconnected');
    }
    return route.fallback();
  });
  const file = { name: 'shop.zip', mimeType: 'application/zip', buffer: Buffer.alloc(20 * 1024 * 1024, 'a zip of a shop ') };
  await page.locator('input[data-deliverables]').setInputFiles(file);
  await page.getByText('Waiting for the connection …').waitFor();
  await look(page, '97-upload-cut');
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'shop.zip', exact: true }).waitFor();
  await page.getByText('version 1').waitFor();
  const [stored] = await freelancer.projects.collection('deliverables').getFullList({ filter: `milestone = "${milestone.id}"` });
  assert.equal(stored.size, file.buffer.length);
  assert.ok(parts >= 4, `the cut part was sent again, ${parts} puts`);
  await page.getByRole('button', { name: 'Hand in work' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Hand in work' }).click();
  await other.goto(`/contracts/${contract.id}`);
  await other.getByRole('button', { name: 'shop.zip', exact: true }).waitFor();
  await look(other, '98-deliverables');
  const [saved] = await Promise.all([other.waitForEvent('download'), other.getByRole('button', { name: 'shop.zip', exact: true }).click()]);
  assert.ok((await readFile(await saved.path())).equals(file.buffer), 'what is downloaded is what was uploaded');
  await command(client.projects, `milestones/${milestone.id}/approve`);
  await eventually('an invoice', async () => (await client.payments.collection('invoices').getFullList()).length > 0);
  await other.goto('/invoices');
  await other.getByText(/^Invoice/).first().waitFor();
  await look(other, '99-invoices');
  const [pdf] = await Promise.all([other.waitForEvent('download'), other.getByRole('button', { name: 'PDF' }).first().click()]);
  assert.equal((await readFile(await pdf.path())).subarray(0, 5).toString(), '%PDF-');
  quiet(page);
  quiet(other);
  nothingFound();
}));

test('files are pasted and dropped into a chat', { timeout: 600_000 }, watched(async () => {
  const { client, freelancer, chat } = await hired();
  const [page, other] = [await open(browser), await open(browser, { size: 'phone', theme: 'dark' })];
  await Promise.all([signIn(page, client), signIn(other, freelancer)]);
  await Promise.all([page, other].map((one) => one.goto(`/messages/${chat.id}`)));
  const picture = (await page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 120 } })).toString('base64');
  const hand = (kind, name, type, base64) => page.getByLabel('Write a message').evaluate(async (box, one) => {
    const bytes = Uint8Array.from(atob(one.base64), (char) => char.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], one.name, { type: one.type }));
    box.dispatchEvent(one.kind === 'paste' ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }) : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, { kind, name, type, base64 });
  await hand('paste', 'glaze.png', 'image/png', picture);
  await page.getByText('glaze.png').waitFor();
  await hand('drop', 'list.txt', 'text/plain', Buffer.from('celadon, tenmoku').toString('base64'));
  await page.getByText('list.txt').waitFor();
  await page.getByLabel('Write a message').fill('Two glazes');
  await page.getByRole('button', { name: 'Send' }).click();
  const log = other.getByRole('log');
  await log.getByText('Two glazes').waitFor();
  await log.getByRole('button', { name: /list.*\.txt/ }).waitFor();
  const image = log.locator('img').first();
  await image.waitFor();
  await eventually('the picture is shown', () => image.evaluate((one) => one.complete && one.naturalWidth > 0));
  await look(other, '89-conversation-files');
  quiet(page);
  quiet(other);
  nothingFound();
}));

test('what is not sent yet is there again after a reload, until its owner signs out', { timeout: 600_000 }, watched(async () => {
  const { client, freelancer, chat } = await hired();
  const page = await open(browser);
  page.on('dialog', (unexpected) => page.noise.push(`asked by a ${unexpected.type()}`));
  await signIn(page, client);
  await page.goto(`/messages/${chat.id}`);
  const form = page.locator('form').filter({ has: page.getByLabel('Write a message') });
  const kept = () => page.evaluate(async () => {
    if (!(await indexedDB.databases()).some((one) => one.name === 'lancershub_unsent')) return null;
    const database = await new Promise((done, failed) => Object.assign(indexedDB.open('lancershub_unsent'), { onsuccess: (event) => done(event.target.result), onerror: failed }));
    const rows = await new Promise((done, failed) => Object.assign(database.transaction('files').objectStore('files').getAll(), { onsuccess: (event) => done(event.target.result), onerror: failed }));
    database.close();
    return rows.flatMap((row) => row.files.map((file) => file.name)).join();
  });
  const choose = (...names) => form.locator('input[type=file]').setInputFiles(names.map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(`It says ${name}`) })));
  await page.getByLabel('Write a message').fill('As we said');
  await choose('plan.txt', 'list.txt');
  await eventually('they are kept', async () => await kept() === 'plan.txt,list.txt');
  await page.reload();
  await form.getByText('list.txt').waitFor();
  assert.equal(await page.getByLabel('Write a message').inputValue(), 'As we said');
  await form.getByRole('button', { name: 'Remove list.txt' }).click();
  await eventually('it is removed', async () => await kept() === 'plan.txt');
  await page.goto('/messages');
  await page.goto(`/messages/${chat.id}`);
  await form.getByText('plan.txt').waitFor();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('log').getByRole('button', { name: /plan/ }).waitFor();
  await eventually('it is sent, and not kept any more', async () => await kept() === '');
  const [sent] = (await client.chats.collection('messages').getFullList({ filter: `chat = "${chat.id}" && body = "As we said"` }));
  assert.equal(sent.attachments.length, 1);
  await page.reload();
  await page.getByRole('log').getByRole('button', { name: /plan/ }).waitFor();
  assert.equal(await page.getByLabel('Write a message').inputValue(), '');

  await page.getByLabel('Write a message').fill('Nobody else sees this');
  await choose('secret.txt');
  await eventually('it is kept', async () => await kept() === 'secret.txt');
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/messages'));
  await eventually('nothing is left', async () => await kept() === null && await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('lancershub_draft')).length) === 0);
  await signIn(page, freelancer);
  await page.goto(`/messages/${chat.id}`);
  await page.getByRole('log').getByText('As we said').waitFor();
  assert.equal(await form.getByText('secret.txt').count(), 0);
  assert.equal(await page.getByLabel('Write a message').inputValue(), '');
  quiet(page);
}));

test('where files cannot be kept, a page with some asks before it is left', { timeout: 600_000 }, watched(async () => {
  const { client, chat } = await hired();
  const page = await open(browser);
  await page.addInitScript(() => { IDBFactory.prototype.open = () => { throw new DOMException('closed', 'SecurityError'); }; });
  await signIn(page, client);
  await page.goto(`/messages/${chat.id}`);
  await page.getByLabel('Write a message').click(); // browsers ask only people who did something
  const file = { name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('A plan') };
  await page.locator('form input[type=file]').setInputFiles(file);
  await page.getByText('plan.txt').waitFor();
  const asked = page.waitForEvent('dialog');
  await page.close({ runBeforeUnload: true });
  const dialog = await asked;
  assert.equal(dialog.type(), 'beforeunload');
  await dialog.dismiss();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('log').getByText('plan.txt').waitFor();
  await eventually('it is stored', async () => (await client.chats.collection('messages').getFullList({ filter: `chat = "${chat.id}"` })).some((message) => message.attachments?.length === 1));
  page.on('dialog', (unexpected) => page.noise.push(`asked by a ${unexpected.type()}`));
  await page.reload();
  await page.getByRole('log').getByText('plan.txt').waitFor();
  quiet(page);
}));

// Paying on the page of the provider: a refused card, giving up in two ways, and
// paying after all, until both people see the milestone funded.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { eventually, launch, look, nothingFound, open, quiet, watched } from '../browser.mjs';
import { command, hired, signIn } from '../people.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const waits = (page) => page.getByText('This payment waits for you to confirm it');
const atProvider = (page) => page.waitForURL('**/pay/cs_*');

/** From the room of a contract to the provider's page. */
async function fund(page) {
  await page.getByRole('button', { name: 'Fund milestone' }).first().click();
  await page.getByText('You pay on the page of the payment provider').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Pay and hold' }).click();
  await atProvider(page);
}

async function inRoom(page, contract) {
  await page.waitForURL(`**/contracts/${contract.id}`);
}

for (const [client, freelancer] of [[{ size: 'phone' }, { size: 'desktop', theme: 'dark' }], [{ size: 'desktop' }, { size: 'phone', theme: 'dark' }]]) {
  test(`a client pays on the provider's page (${client.size})`, { timeout: 600_000 }, watched(async () => {
    const all = await hired();
    const payer = await open(browser, client);
    const worker = await open(browser, freelancer);
    await Promise.all([signIn(payer, all.client), signIn(worker, all.freelancer)]);
    await Promise.all([payer, worker].map((page) => page.goto(`/contracts/${all.contract.id}`)));

    // The card is refused there, and the client goes back without paying.
    await fund(payer);
    await payer.getByRole('button', { name: 'Pay with a bad card' }).click();
    await payer.getByText('Your card was declined.').waitFor();
    await payer.getByRole('link', { name: 'Back to the marketplace' }).click();
    await inRoom(payer, all.contract);
    await waits(payer).waitFor();
    await payer.getByRole('heading', { name: 'It is your turn' }).waitFor();
    await payer.getByText('Nothing is held before you confirm it.').waitFor();
    await look(payer, '80-payment-waits');

    // The browser's own way back leads to the same.
    await payer.getByRole('button', { name: 'Confirm the payment' }).first().click();
    await atProvider(payer);
    await payer.goBack();
    await inRoom(payer, all.contract);
    await waits(payer).waitFor();

    // Cancelled: the page there is closed, and the milestone can be paid again.
    await payer.getByRole('button', { name: 'Confirm the payment' }).first().click();
    await atProvider(payer);
    const closed = payer.url();
    await payer.goBack();
    await payer.getByRole('button', { name: 'Cancel payment' }).click();
    await payer.getByRole('dialog').getByRole('button', { name: 'Cancel payment' }).click();
    await payer.getByText('The payment is cancelled.').first().waitFor();
    const page = await (await fetch(closed)).text();
    assert.match(page, /not open any more/);
    await payer.getByRole('button', { name: 'Fund milestone' }).first().waitFor();
    assert.equal((await all.client.projects.collection('milestones').getOne(all.milestone.id)).status, 'planned');

    // Back out of the page with the dialog behind it, and on: it is one payment.
    await fund(payer);
    const first = payer.url();
    await payer.goBack();
    await inRoom(payer, all.contract);
    await payer.reload();
    await payer.getByRole('button', { name: 'Confirm the payment' }).first().click();
    await atProvider(payer);
    assert.equal(payer.url(), first);

    // Paid.
    await payer.getByRole('button', { name: 'Pay with a good card' }).click();
    await inRoom(payer, all.contract);
    await eventually('it is funded', async () => (await all.client.projects.collection('milestones').getOne(all.milestone.id)).status === 'funded');
    for (const one of [payer, worker]) await one.getByText(/^(Do the work and hand in|The freelancer works on)/).first().waitFor();
    assert.equal(await payer.getByRole('button', { name: 'Confirm the payment' }).count(), 0);
    await look(payer, '81-payment-held');
    const paid = await all.client.payments.collection('payments').getFullList({ filter: `project = "${all.project.id}"` });
    assert.deepEqual(paid.map((one) => one.status).sort(), ['failed', 'held'], 'one was cancelled, one is held, and there is no third');
    quiet(payer);
    quiet(worker);
    nothingFound();
  }));
}

test('coming back before the provider has told of it, nothing is to be confirmed again', watched(async () => {
  const all = await hired();
  const payer = await open(browser, { size: 'phone', theme: 'dark' });
  await signIn(payer, all.client);
  const begun = await all.client.payments.collection('payments').create({ project: all.project.id, milestone: all.milestone.id, amount: 45000, currency: 'EUR' }, { headers: { 'Idempotency-Key': crypto.randomUUID() } })
    .then(() => assert.fail('it is to be confirmed'), (error) => error.response.data.payment);
  await payer.goto(`/payments/${begun}?confirmed=1`);
  await inRoom(payer, all.contract);
  await payer.getByText('You have confirmed this payment.').waitFor();
  assert.equal(await payer.getByRole('button', { name: 'Confirm the payment' }).count(), 0);
  await look(payer, '82-payment-confirmed');
  await command(all.client.payments, `payments/${begun}/cancel`);
  quiet(payer);
  nothingFound();
}));

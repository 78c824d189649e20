// The whole journey in the browser, two people at once: the client on a phone,
// the freelancer at a desk (and the other way round), light and dark.
import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually, launch, look, nothingFound, open, quiet, settled, signUp, watched } from './browser.mjs';

for (const [clientSize, clientTheme, freelancerSize, freelancerTheme] of [['desktop', 'light', 'phone', 'dark'], ['phone', 'light', 'desktop', 'dark']]) {
  test(`from sign-up to a paid project: client on a ${clientSize} (${clientTheme}), freelancer on a ${freelancerSize} (${freelancerTheme})`, { timeout: 900_000 }, watched(async (t) => {
    const browser = await launch();
    t.after(() => browser.close());
    const client = await open(browser, { size: clientSize, theme: clientTheme });
    const freelancer = await open(browser, { size: freelancerSize, theme: freelancerTheme });
    const title = `A shop for teapots ${Date.now() % 100000}`;

    await client.goto('/');
    await client.getByRole('heading', { level: 1 }).waitFor();
    await look(client, '01-home');
    await client.goto('/sign-up');
    await client.getByRole('button', { name: 'Create account' }).click();
    await look(client, '02-sign-up');
    await client.goto('/sign-in');
    await look(client, '03-sign-in');
    await signUp(client, 'Teapot Works', 'client');
    await signUp(freelancer, 'Studio North', 'freelancer');

    // The freelancer says who they are.
    await freelancer.goto('/account');
    await freelancer.getByLabel('Headline').fill('Shops and booking sites');
    await freelancer.getByLabel('Skills').fill('TypeScript, Design, Payments');
    await freelancer.getByLabel('Hourly rate').fill('65');
    await freelancer.getByRole('button', { name: 'Save', exact: true }).click();
    await freelancer.getByText('Saved.').waitFor();
    await look(freelancer, '04-account');
    await freelancer.goto('/account/preferences');
    await look(freelancer, '05-preferences');
    await freelancer.goto('/account/security');
    await freelancer.getByText('This device').waitFor();
    await look(freelancer, '06-security');

    // The client writes a draft, looks at it, publishes.
    await client.goto('/projects/new');
    await client.getByLabel('Title').fill(title);
    await client.getByLabel('Description').fill('We make teapots and want to sell them.\n\nTwo pages and a checkout; the texts and pictures exist.');
    await client.getByLabel('Category').selectOption('development');
    await client.getByLabel('Skills').fill('TypeScript, Design');
    await client.getByLabel('From').fill('500');
    await client.getByLabel('Up to').fill('2,000.00');
    await look(client, '07-edit');
    await client.getByRole('button', { name: 'Preview' }).click();
    await look(client, '08-preview');
    await client.getByRole('button', { name: 'Save draft' }).click();
    await client.getByText('This is a draft').waitFor();
    await look(client, '09-draft');
    await client.getByRole('button', { name: 'Publish' }).click();
    await client.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
    await client.getByText('Proposals can come in now.').waitFor();

    // The freelancer finds it and proposes.
    await freelancer.goto('/projects');
    await freelancer.locator('article time').first().waitFor(); // the app's own cards: first.test.mjs types before they are there
    await settled(freelancer);
    await freelancer.getByLabel('Search projects').fill(title);
    await freelancer.waitForURL(/q=/);
    await freelancer.getByRole('link', { name: title }).waitFor();
    await look(freelancer, '10-browse');
    await freelancer.getByRole('link', { name: title }).click();
    await freelancer.getByRole('heading', { level: 1, name: title }).waitFor();
    await freelancer.getByLabel('Your price for the whole').fill('1234.57');
    await freelancer.getByText('You get').waitFor();
    await freelancer.getByLabel('Days needed').fill('14');
    await freelancer.getByLabel('Message to the client').fill('I build shops. Three of them are live, and I would start on Monday.');
    await look(freelancer, '11-propose');
    await freelancer.getByRole('button', { name: 'Send proposal' }).click();
    await freelancer.getByText('Your proposal is sent.').waitFor();
    await look(freelancer, '12-proposed');

    // The client hears of it without reloading, compares and hires.
    await eventually('the client is told in the title', async () => /^\(\d+\)/.test(await client.title()));
    await client.goto('/notifications');
    await client.getByText(`New proposal for ${title}`).waitFor();
    await look(client, '13-notifications');
    await client.getByText(`New proposal for ${title}`).click();
    await client.getByRole('link', { name: 'Compare proposals' }).click();
    await client.getByText('Studio North').first().waitFor();
    await look(client, '14-compare');
    await client.getByRole('button', { name: 'Accept' }).click();
    await client.getByRole('dialog').getByText('The freelancer gets').waitFor();
    await look(client, '15-accept-dialog');
    await client.getByRole('button', { name: 'Accept and make the contract' }).click();
    await client.waitForURL(/\/contracts\//);
    const room = new URL(client.url()).pathname;
    await client.getByText('It is your turn').waitFor();
    await look(client, '16-room-new');

    // A declined payment takes nothing; another source is another payment.
    await client.getByRole('button', { name: 'Fund milestone' }).first().click();
    await client.getByRole('dialog').getByLabel('Is declined').check();
    // The answer of a declining provider is played here, so that this test is about what the screen makes of it.
    const keys = [];
    await client.route('**/api/payments/api/collections/payments/records**', async (route, request) => {
      if (request.method() !== 'POST') return route.fallback();
      keys.push(request.headers()['idempotency-key']);
      if (request.postDataJSON().source !== 'test_declined') return route.fallback();
      return route.fulfill({ status: 402, json: { status: 402, message: 'The payment was declined.', data: { code: 'payment_declined' } } });
    });
    await client.getByRole('button', { name: 'Pay and hold' }).click();
    await client.getByText('The payment was declined').waitFor();
    await look(client, '17-declined-dialog');
    await client.getByRole('dialog').getByLabel('Succeeds').check();
    await client.getByRole('button', { name: 'Pay and hold' }).click();
    await client.getByText('The money is held. Work can begin.').waitFor();
    assert.equal(new Set(keys).size, 2, 'a refused payment and the next one have keys of their own');
    await client.getByText('It is the freelancer’s turn').waitFor();
    await look(client, '18-room-funded');

    // They talk.
    await freelancer.goto('/messages');
    await freelancer.getByRole('link', { name: /Teapot Works/ }).click();
    await freelancer.getByLabel('Write a message').fill('Hello! I begin today.');
    await freelancer.getByRole('button', { name: 'Send' }).click();
    await freelancer.getByRole('log').getByText('Hello! I begin today.').waitFor();
    await client.goto('/messages');
    await client.getByText('Hello! I begin today.').first().waitFor();
    await look(client, '19-messages');
    await client.getByRole('link', { name: /Studio North/ }).click();
    await client.getByRole('log').getByText('Hello! I begin today.').waitFor();
    // Typing is told every three seconds and forgotten after five: type until it is seen.
    const seen = freelancer.getByText('Teapot Works is typing').waitFor();
    const typing = setInterval(() => void client.getByLabel('Write a message').press('a').catch(() => undefined), 500);
    await seen.finally(() => clearInterval(typing));
    await client.getByLabel('Write a message').fill('Wonderful, the texts are in the folder.');
    await client.getByRole('button', { name: 'Send' }).click();
    await freelancer.getByRole('log').getByText('Wonderful, the texts are in the folder.').waitFor();
    await client.getByText('Read', { exact: true }).waitFor();
    await look(client, '20-conversation');
    await look(freelancer, '20-conversation');

    // A message written while the line is cut arrives once, after the line is back.
    await freelancer.context().setOffline(true);
    await freelancer.getByLabel('Write a message').fill('Written in a tunnel');
    await freelancer.getByRole('button', { name: 'Send' }).click();
    await freelancer.getByText('Not sent.').waitFor();
    await freelancer.getByText('You are offline').waitFor();
    await look(freelancer, '21-conversation-offline');
    await client.getByLabel('Write a message').fill('Are you there?');
    await client.getByRole('button', { name: 'Send' }).click();
    await client.getByRole('log').getByText('Are you there?').waitFor();
    await freelancer.context().setOffline(false);
    await freelancer.getByRole('log').getByText('Are you there?').waitFor();
    await client.getByRole('log').getByText('Written in a tunnel').waitFor();
    assert.equal(await client.getByRole('log').getByText('Written in a tunnel').count(), 1);

    // Work is handed in, changed, approved; the money is released.
    await freelancer.goto(room);
    await freelancer.getByRole('button', { name: 'Hand in work' }).first().click();
    await freelancer.getByRole('dialog').getByLabel('Words to the client').fill('Both pages are up: see the folder “shop”.');
    await freelancer.getByRole('dialog').getByRole('button', { name: 'Hand in work' }).click();
    await freelancer.getByText('Handed in. The client is told.').waitFor();
    await client.goto(room);
    await client.getByText('approve it, or ask for changes').waitFor();
    await look(client, '22-room-submitted');
    await client.getByRole('button', { name: 'Request changes' }).first().click();
    await client.getByRole('dialog').getByLabel('What should change?').fill('The button is too small on a phone.');
    await client.getByRole('dialog').getByRole('button', { name: 'Request changes' }).click();
    await freelancer.getByText('Make the changes asked for').waitFor();
    await look(freelancer, '23-room-changes');
    await freelancer.getByRole('button', { name: 'Hand in work' }).first().click();
    await freelancer.getByRole('dialog').getByRole('button', { name: 'Hand in work' }).click();
    await client.getByRole('button', { name: 'Approve and release' }).first().click();
    await client.getByRole('dialog').getByText('The freelancer gets').waitFor();
    await client.getByRole('dialog').getByRole('button', { name: 'Approve and release' }).click();
    await client.getByText('Everything is done and paid.').waitFor();
    await freelancer.getByText('Everything is done and paid.').waitFor();
    await look(client, '24-room-done');
    await look(freelancer, '24-room-done');

    // Both see it in their figures.
    await freelancer.goto('/dashboard');
    await freelancer.getByText('€1,111.12').first().waitFor();
    await look(freelancer, '25-dashboard');
    await client.goto('/dashboard');
    await client.getByText('€1,234.57').first().waitFor();
    await look(client, '25-dashboard');
    for (const tab of ['contracts', 'projects']) {
      await client.goto(`/work/${tab}`);
      await client.getByRole('link', { name: title }).first().waitFor();
      await look(client, `26-work-${tab}`);
    }
    await freelancer.goto('/work/proposals');
    await freelancer.getByRole('link', { name: title }).first().waitFor();
    await look(freelancer, '26-work-proposals');
    await client.goto('/freelancers');
    await client.getByRole('link', { name: 'Studio North' }).first().waitFor();
    await look(client, '27-freelancers');
    await client.getByRole('link', { name: 'Studio North' }).first().click();
    await client.getByText('Here since').waitFor();
    await look(client, '28-profile');
    await client.goto('/nowhere');
    await look(client, '29-not-found');

    // Signing out shows nothing of it any more.
    await client.getByRole('button', { name: 'Account menu' }).click();
    await client.getByRole('button', { name: 'Sign out' }).click();
    await client.getByRole('link', { name: 'Sign in' }).first().waitFor();
    await client.goto(room);
    await client.waitForURL(/\/sign-in/);

    quiet(client);
    quiet(freelancer);
    nothingFound();
  }));
}

// Offers: a saved search tells of a project, the freelancer proposes in milestones
// with the keyboard, the client compares on a phone and hires.
import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually, launch, look, nothingFound, open, quiet, watched } from './browser.mjs';
import { command, person, signIn } from './people.mjs';

test('a saved search finds a project, milestones are proposed, compared and signed', { timeout: 300_000 }, watched(async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  const word = `samovar${Date.now() % 1_000_000}`;
  const [hirer, maker, other] = await Promise.all([person('Samovar Works', ['client']), person('Studio South', ['freelancer']), person('Studio East', ['freelancer'])]);
  const page = await open(browser, { theme: 'dark' });
  await signIn(page, maker);

  // Nothing is there yet: whoever saves the search hears when there is.
  await page.goto(`/projects?q=${word}&currency=EUR`);
  await page.getByRole('button', { name: 'Save this search' }).click();
  await look(page, '60-save-search-dialog');
  await page.getByRole('dialog').getByLabel('Name').fill('Samovars');
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('link', { name: 'Saved as “Samovars”' }).waitFor();
  const project = await hirer.projects.collection('projects').create({ title: `A site for a ${word}`, description: 'Four pages.', category: 'development', currency: 'EUR' });
  await command(hirer.projects, `projects/${project.id}/publish`);
  await page.goto('/notifications');
  const news = page.getByRole('link', { name: `New for “Samovars”: A site for a ${word}` });
  await news.waitFor();
  await look(page, '61-alert');
  await news.click();

  // A list of milestones, written without a mouse.
  await page.getByRole('heading', { level: 1, name: word }).waitFor();
  await page.getByLabel('In milestones').press(' ');
  await page.getByRole('button', { name: 'Send proposal' }).click();
  assert.equal(await page.locator('[aria-invalid=true]').count(), 4, 'two titles and two amounts are missing');
  await eventually('the first field that is wrong has the focus', () => page.evaluate(() => document.activeElement?.getAttribute('name') === 'stepTitle'));
  await page.keyboard.type('Structure');
  await page.locator('[name=stepAmount]').nth(0).fill('300');
  await page.locator('[name=stepTitle]').nth(1).fill('Four pages');
  await page.locator('[name=stepAmount]').nth(1).fill('900.50');
  await page.getByRole('button', { name: 'Add a milestone' }).press('Enter');
  await eventually('the new row has the focus', () => page.evaluate(() => document.activeElement === document.querySelectorAll('[name=stepTitle]')[2]));
  await page.keyboard.type('Not needed');
  await page.getByRole('button', { name: 'Remove milestone 3' }).press('Enter');
  await eventually('the row before it has the focus', () => page.evaluate(() => document.activeElement === document.querySelectorAll('[name=stepTitle]')[1]));
  await page.getByText('€1,200.50').first().waitFor();
  await page.getByLabel('Days needed').fill('20');
  await look(page, '62-propose-milestones');
  await page.getByRole('button', { name: 'Send proposal' }).click();
  await page.getByText('Your proposal is sent.').waitFor();
  await page.getByRole('link', { name: 'Open your proposal' }).click();
  await page.getByText('Four pages').waitFor();
  await look(page, '63-proposal-milestones');
  await other.projects.collection('proposals').create({ project: project.id, amount: 99_900, days: 30, coverLetter: 'Me too.' });

  // Side by side, sorted by price and then by time; signed as it was read.
  const client = await open(browser, { size: 'phone' });
  await signIn(client, hirer);
  await client.goto(`/projects/${project.id}/proposals`);
  const names = () => client.getByRole('table').getByRole('rowheader').allTextContents();
  await client.getByRole('rowheader', { name: 'Studio South' }).waitFor();
  assert.deepEqual(await names(), ['Studio East', 'Studio South']);
  await client.getByRole('button', { name: 'Time', exact: true }).click();
  await client.getByRole('columnheader', { name: 'Time' }).and(client.locator('[aria-sort=ascending]')).waitFor();
  assert.deepEqual(await names(), ['Studio South', 'Studio East']);
  await look(client, '64-compare-table');
  const card = client.getByRole('article').filter({ hasText: 'Studio South' });
  await card.getByRole('button', { name: 'Accept' }).click();
  await look(client, '65-accept-milestones-dialog');
  await client.getByRole('button', { name: 'Accept and make the contract' }).click();
  await client.waitForURL(/\/contracts\//);
  await client.getByText('Four pages').first().waitFor();
  await look(client, '66-room-milestones');

  // The search is paused and deleted.
  await page.goto('/work/searches');
  await page.getByRole('button', { name: 'Pause: Samovars' }).click();
  await page.getByRole('button', { name: 'Resume: Samovars' }).waitFor();
  await look(page, '67-searches');
  await page.getByRole('button', { name: 'Delete: Samovars' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('No saved searches yet').waitFor();

  // The same news in Arabic.
  await page.evaluate(() => localStorage.setItem('lancershub_language', 'ar'));
  await page.goto('/notifications');
  await page.getByText('جديد في').first().waitFor();
  await look(page, '68-notifications-ar');
  quiet(page);
  quiet(client);
  nothingFound();
}));

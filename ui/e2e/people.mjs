// People for the browser tests, made through the API.
import PocketBase from 'pocketbase';
import { base, eventually, password } from './browser.mjs';

/** A person with an account, for the API and for the browser. */
export async function person(name, roles, more = {}) {
  const users = new PocketBase(`${base}/api/users`);
  const email = `${roles[0]}-${Date.now()}-${Math.random().toString(36).slice(2, 8)}@example.com`;
  await users.collection('users').create({ email, password, passwordConfirm: password, name, roles, ...more });
  await users.collection('users').authWithPassword(email, password);
  const client = (domain) => {
    const one = new PocketBase(`${base}/api/${domain}`);
    one.authStore.save(users.authStore.token, users.authStore.record);
    return one;
  };
  return { email, id: users.authStore.record.id, users, projects: client('projects'), payments: client('payments'), chats: client('chats') };
}

/** Carries out a command under a key of its own. */
export const command = (client, path, body = {}) => client.send(`/api/${path}`, { method: 'POST', body, headers: { 'Idempotency-Key': crypto.randomUUID() } });

/** Two people with a contract between them, funded if wanted. */
export async function hired(clientRoles = ['client'], { fund = false, title = 'Photographs of teapots' } = {}) {
  const client = await person('Teapot Works', clientRoles, { currency: 'EUR' });
  const freelancer = await person('Studio North', ['freelancer'], { headline: 'Shops and booking sites', skills: ['TypeScript', 'Design'], bio: 'Small shops, done well.', currency: 'EUR', hourlyRate: 6500, country: 'PT' });
  const project = await client.projects.collection('projects').create({ title, description: 'Twelve pictures on white, for a shop.', category: 'design', skills: ['Photography'], currency: 'EUR', budgetMin: 20000, budgetMax: 60000 });
  await command(client.projects, `projects/${project.id}/publish`);
  const proposal = await freelancer.projects.collection('proposals').create({ project: project.id, amount: 45000, days: 10, coverLetter: 'I photograph small things well.' });
  const { contract, milestone } = await command(client.projects, `proposals/${proposal.id}/accept`);
  if (fund) {
    await client.payments.collection('payments').create({ project: project.id, milestone: milestone.id, amount: 45000, currency: 'EUR' }, { headers: { 'Idempotency-Key': crypto.randomUUID() } });
    await eventually('funded', async () => (await client.projects.collection('milestones').getOne(milestone.id)).status === 'funded');
  }
  const chat = await eventually('a chat', async () => (await client.chats.collection('chats').getFullList())[0]);
  return { client, freelancer, project, contract, milestone, chat };
}

/** Signs in through the screen. */
export async function signIn(page, one) {
  await page.goto('/sign-in');
  await page.locator('input[name=email]').fill(one.email);
  await page.locator('input[name=password]').fill(one.password ?? password);
  await page.locator('form button[type=submit]').click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
}

/** Someone of the demo marketplace, with three years behind them. */
export const past = { email: 'freelancer@demo.lancershub.example', password: 'lancershub-demo' };

// The main job, from sign-up to a completed project, as two people do it.
// LANCERSHUB_URL says where the marketplace is; the Go tests set it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually, Person, refused } from './market.mjs';

const base = process.env.LANCERSHUB_URL;

test('a client and a freelancer, from sign-up to a completed project', async (t) => {
  const client = await new Person(base).signUp('client', 'client');
  const freelancer = await new Person(base).signUp('freelancer', 'freelancer', { timezone: 'Europe/Lisbon' });
  const other = await new Person(base).signUp('other', 'freelancer');
  const heard = [];
  t.after(() => { for (const person of [client, freelancer, other]) for (const c of person.all()) c.realtime.unsubscribe(); });

  let project = await client.projects.collection('projects').create({ title: 'A shop for teapots', description: 'Two pages', currency: 'EUR', budgetMin: 50000, budgetMax: 200000 });
  assert.equal(project.status, 'draft');
  assert.equal(project.client, client.id);
  await refused(freelancer.projects.collection('projects').getOne(project.id)).then((e) => assert.equal(e.status, 404));
  project = await client.command(client.projects, `projects/${project.id}/publish`);
  assert.equal(project.status, 'open');

  const proposal = await freelancer.projects.collection('proposals').create({ project: project.id, amount: 123457, days: 14, coverLetter: 'I build shops.' });
  const losing = await other.projects.collection('proposals').create({ project: project.id, amount: 99900, days: 30, coverLetter: 'Me too.' });
  assert.equal(proposal.client, client.id);
  assert.equal(proposal.currency, 'EUR');
  await eventually('the client hears of the proposals', async () => (await client.chats.collection('notifications').getList(1, 10, { filter: 'kind = "proposal.submitted"' })).items[0]?.count === 2);

  const hired = await client.command(client.projects, `proposals/${proposal.id}/accept`);
  assert.equal(hired.proposal.status, 'accepted');
  assert.equal(hired.project.status, 'in_progress');
  assert.equal(hired.contract.amount, 123457);
  assert.equal(hired.milestone.status, 'planned');
  assert.equal((await other.projects.collection('proposals').getOne(losing.id)).status, 'rejected');

  const chat = await eventually('a chat opens', async () => (await freelancer.chats.collection('chats').getFullList({ filter: `contract = "${hired.contract.id}"` }))[0]);
  for (const [person, kind] of [[client, 'contract.started'], [freelancer, 'contract.created']]) {
    await eventually('both are notified', async () => (await person.chats.collection('notifications').getFullList({ filter: `kind = "${kind}"` })).length === 1);
  }
  await refused(other.chats.collection('chats').getOne(chat.id)).then((e) => assert.equal(e.status, 404));

  await freelancer.chats.collection('messages').subscribe('*', (event) => heard.push(event));
  const sent = await client.chats.collection('messages').create({ chat: chat.id, body: 'Welcome!', clientId: 'c-1' });
  const again = await client.chats.collection('messages').create({ chat: chat.id, body: 'Welcome!', clientId: 'c-1' });
  assert.equal(again.id, sent.id, 'a retried send returns the first message');
  const event = await eventually('the message arrives by subscription', () => heard.find((e) => e.record.id === sent.id));
  assert.equal(event.action, 'create');
  assert.equal(event.record.body, 'Welcome!');
  const { items } = await freelancer.chats.send(`/api/chats/${chat.id}/messages`, { query: { after: sent.seq - 1 } });
  assert.deepEqual(items.map((m) => m.id), [sent.id]);

  const key = crypto.randomUUID();
  const payment = await client.pay(hired.milestone, {}, key);
  assert.equal(payment.status, 'held');
  assert.equal(payment.freelancer, freelancer.id);
  assert.equal(payment.contract, hired.contract.id);
  assert.deepEqual(await client.pay(hired.milestone, {}, key), payment, 'the same key gives the same answer');
  const milestones = freelancer.projects.collection('milestones');
  await eventually('the milestone is funded', async () => (await milestones.getOne(hired.milestone.id)).status === 'funded');

  await freelancer.command(freelancer.projects, `milestones/${hired.milestone.id}/submit`, { note: 'Done' });
  await client.command(client.projects, `milestones/${hired.milestone.id}/approve`, { note: 'Lovely' });
  await eventually('the payment is released', async () => (await freelancer.payments.collection('payments').getOne(payment.id)).status === 'released');
  await eventually('contract and project are completed', async () =>
    (await client.projects.collection('contracts').getOne(hired.contract.id)).status === 'completed'
    && (await client.projects.collection('projects').getOne(project.id)).status === 'completed');

  const fee = Math.floor(123457 * 1000 / 10000);
  const summary = await freelancer.payments.send('/api/earnings/summary', {});
  assert.equal(summary.timezone, 'Europe/Lisbon');
  assert.deepEqual(summary.currencies.map((c) => [c.currency, c.available, c.held, c.thisMonth]), [['EUR', 123457 - fee, 0, 123457 - fee]]);
  const monthly = await freelancer.payments.send('/api/earnings/monthly', {});
  assert.equal(monthly.series[0].months.at(-1).amount, 123457 - fee);
  const spend = await client.payments.send('/api/earnings/summary', {});
  assert.equal(spend.perspective, 'spend');
  assert.equal(spend.currencies[0].total, 123457);
  const forecast = await freelancer.payments.send('/api/earnings/forecast', { query: { horizon: 3 } });
  assert.equal(forecast.months.length, 3);
  assert.ok(forecast.months.every((m) => m.lower95 <= m.lower80 && m.lower80 <= m.mean && m.mean <= m.upper80 && m.upper80 <= m.upper95));
  await eventually('the freelancer hears of the money', async () => (await freelancer.chats.collection('notifications').getFullList({ filter: 'kind = "payment.released"' })).length === 1);
});

test('staying signed in, and signing out everywhere at once', async () => {
  const person = await new Person(base).signUp('person', 'client');
  const first = person.users.authStore.token;
  const claims = JSON.parse(Buffer.from(first.split('.')[1], 'base64url'));
  assert.equal(JSON.parse(Buffer.from(first.split('.')[0], 'base64url')).alg, 'EdDSA');
  assert.equal(claims.id, person.id);
  assert.ok(claims.exp - claims.iat <= 900);

  await person.users.collection('users').authRefresh();
  assert.ok(person.users.authStore.isValid, 'authRefresh without a refresh token confirms the session');
  const renewed = await person.users.collection('users').authRefresh({ body: { refreshToken: person.refreshToken } });
  assert.notEqual(renewed.token, first);
  assert.notEqual(renewed.meta.refreshToken, person.refreshToken);
  person.share();
  await person.projects.collection('projects').getList(1, 1);

  await person.users.send('/api/auth/sign-out', { method: 'POST', body: {} });
  for (const client of person.all()) {
    const name = client === person.users ? 'sessions' : client === person.projects ? 'projects' : client === person.payments ? 'payments' : 'chats';
    const error = await eventually('the token is refused', () => refused(client.collection(name).getList(1, 1)).catch(() => null));
    assert.deepEqual([error.status, error.code], [401, 'token_revoked']);
  }
  const error = await refused(person.users.send('/api/auth/refresh', { method: 'POST', body: { refreshToken: renewed.meta.refreshToken } }));
  assert.equal(error.code, 'refresh_invalid');
});

test('a refresh token used twice ends the session', async () => {
  const person = await new Person(base).signUp('person', 'client');
  const refresh = (refreshToken) => person.users.send('/api/auth/refresh', { method: 'POST', body: { refreshToken } });
  const second = await refresh(person.refreshToken);
  const grace = await refresh(person.refreshToken);
  assert.ok(grace.token, 'one concurrent refresh is let through');
  assert.equal(grace.meta?.refreshToken, undefined);
  assert.equal((await refused(refresh(person.refreshToken))).code, 'refresh_reused');
  assert.equal((await refused(refresh(second.meta.refreshToken))).code, 'refresh_invalid');
});

// What the end-to-end scripts share: SDK clients, people, and waiting for events.
import { EventSource } from 'eventsource';
import PocketBase from 'pocketbase';

globalThis.EventSource = EventSource; // Node has none; browsers do

/** One SDK client per domain, signed in with one shared token, as the web app does it. */
export class Person {
  constructor(base) {
    this.users = new PocketBase(`${base}/api/users`);
    this.projects = new PocketBase(`${base}/api/projects`);
    this.payments = new PocketBase(`${base}/api/payments`);
    this.chats = new PocketBase(`${base}/api/chats`);
    for (const client of this.all()) client.autoCancellation(false);
  }

  all() {
    return [this.users, this.projects, this.payments, this.chats];
  }

  get id() {
    return this.users.authStore.record.id;
  }

  share() {
    const { token, record } = this.users.authStore;
    for (const client of this.all().slice(1)) client.authStore.save(token, record);
  }

  async signUp(name, role, extra = {}) {
    const email = `${name}-${Date.now()}-${Math.random().toString(36).slice(2, 8)}@example.com`;
    const password = 'a long password';
    await this.users.collection('users').create({ email, password, passwordConfirm: password, name, roles: [role], ...extra });
    this.credentials = { email, password };
    const auth = await this.users.collection('users').authWithPassword(email, password, { query: { refreshToken: 'body' } });
    this.refreshToken = auth.meta?.refreshToken;
    this.share();
    return this;
  }

  /** A command, with an Idempotency-Key of its own unless one is given. */
  command(client, path, body = {}, key = crypto.randomUUID()) {
    return client.send(`/api/${path}`, { method: 'POST', body, headers: { 'Idempotency-Key': key } });
  }

  pay(milestone, extra = {}, key = crypto.randomUUID()) {
    const body = { project: milestone.project, milestone: milestone.id, amount: milestone.amount, currency: milestone.currency, ...extra };
    return this.payments.collection('payments').create(body, { headers: { 'Idempotency-Key': key } });
  }
}

/** Calls probe until it returns something truthy. */
export async function eventually(what, probe, timeoutMs = 15000) {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const result = await probe();
    if (result) return result;
    if (Date.now() > until) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** The error of a refused request: {status, code, data}. */
export async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return { status: error.status, code: error.response?.data?.code, data: error.response?.data, message: error.response?.message };
  }
  throw new Error('Expected the request to be refused, it succeeded');
}

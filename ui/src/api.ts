// The one way to the backend: a PocketBase client per domain, one shared sign-in.
import PocketBase, { BaseAuthStore, LocalAuthStore, type RecordService, type SendOptions } from 'pocketbase';
import { endsSession, failureOf } from './lib/errors';
import { forgetForms } from './lib/forget';
import { saveFile } from './lib/csv';
import type {
  Block, Chat, Contract, Deadline, Deliverable, Dispute, Evidence, Invoice, Member, Message, Milestone, Notification, Payment, Payout, PayoutDestination, Project, Proposal, SavedSearch, Session, TimelineRow, User,
} from './types';

/** The access token and the user, shared by the four clients and by all tabs. */
export const session = new LocalAuthStore('lancershub_auth');

/** Access tokens live 15 minutes; they are renewed this long before they end. */
const renewBeforeMs = 60_000;
/** Tabs take turns at renewing: a refresh token used twice would end the session. */
const renewLock = 'lancershub_refresh';

function expiryOf(token: string): number {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    return Number((JSON.parse(atob(part)) as { exp?: number }).exp ?? 0) * 1000;
  } catch {
    return 0;
  }
}

/** The id of the present session, as its access token names it. */
export function sessionId(): string {
  try {
    const part = (session.token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    return String((JSON.parse(atob(part)) as { sid?: string }).sid ?? '');
  } catch {
    return '';
  }
}

function isAuthPath(path: string): boolean {
  return path.includes('/auth-refresh') || path.includes('/auth-with-') || path.includes('/api/auth/');
}

class DomainClient extends PocketBase {
  constructor(path: string) {
    super(path, session);
    this.autoCancellation(false);
  }

  /** Sends with a fresh access token; one that the server found expired is renewed once. */
  override async send<T = unknown>(path: string, options: SendOptions): Promise<T> {
    if (isAuthPath(path) || !session.token) return super.send<T>(path, options);
    const copy = () => ({ ...options, headers: { ...options.headers } });
    if (expiryOf(session.token) - Date.now() < renewBeforeMs) await renew(session.token);
    try {
      return await super.send<T>(path, copy());
    } catch (error) {
      const failure = failureOf(error);
      if (failure.status === 401 && failure.code === 'token_expired' && (await renew(session.token))) {
        return super.send<T>(path, copy());
      }
      if (endsSession(failure)) session.clear();
      throw error;
    }
  }
}

const clients = {
  users: new DomainClient('/api/users'),
  projects: new DomainClient('/api/projects'),
  payments: new DomainClient('/api/payments'),
  chats: new DomainClient('/api/chats'),
};

export type Domain = keyof typeof clients;

/** Renews the access token through the HttpOnly refresh cookie, once for all tabs. */
async function renew(stale: string): Promise<boolean> {
  const work = async (): Promise<boolean> => {
    if (session.token !== stale) return session.isValid; // another tab or request was faster
    try {
      await clients.users.collection('users').authRefresh();
      return true;
    } catch (error) {
      if (endsSession(failureOf(error))) session.clear();
      return false;
    }
  };
  return navigator.locks ? navigator.locks.request(renewLock, work) : work();
}

/** The collections, typed, by the domain that owns them. */
export const users = {
  client: clients.users,
  users: clients.users.collection('users') as RecordService<User>,
  sessions: clients.users.collection('sessions') as RecordService<Session>,
};
export const projects = {
  client: clients.projects,
  projects: clients.projects.collection('projects') as RecordService<Project>,
  proposals: clients.projects.collection('proposals') as RecordService<Proposal>,
  contracts: clients.projects.collection('contracts') as RecordService<Contract>,
  milestones: clients.projects.collection('milestones') as RecordService<Milestone>,
  searches: clients.projects.collection('searches') as RecordService<SavedSearch>,
  deliverables: clients.projects.collection('deliverables') as RecordService<Deliverable>,
  timeline: clients.projects.collection('timeline') as RecordService<TimelineRow>,
  deadlines: clients.projects.collection('deadlines') as RecordService<Deadline>,
};
export const payments = {
  client: clients.payments,
  payments: clients.payments.collection('payments') as RecordService<Payment>,
  timeline: clients.payments.collection('timeline') as RecordService<TimelineRow>,
  deadlines: clients.payments.collection('deadlines') as RecordService<Deadline>,
  disputes: clients.payments.collection('disputes') as RecordService<Dispute>,
  invoices: clients.payments.collection('invoices') as RecordService<Invoice>,
  evidence: clients.payments.collection('evidence') as RecordService<Evidence>,
  payouts: clients.payments.collection('payouts') as RecordService<Payout>,
  destinations: clients.payments.collection('payoutDestinations') as RecordService<PayoutDestination>,
};
export const chats = {
  client: clients.chats,
  chats: clients.chats.collection('chats') as RecordService<Chat>,
  members: clients.chats.collection('members') as RecordService<Member>,
  messages: clients.chats.collection('messages') as RecordService<Message>,
  blocks: clients.chats.collection('blocks') as RecordService<Block>,
  notifications: clients.chats.collection('notifications') as RecordService<Notification>,
};

/** Carries out a command: POST /api/<collection>/{id}/<verb> inside a domain, under the key of one intention. */
export function command<T>(domain: Domain, path: string, body: object, key: string): Promise<T> {
  return clients[domain].send<T>(`/api/${path}`, { method: 'POST', body, headers: { 'Idempotency-Key': key } });
}

/** Builds a filter with its values escaped. */
export function filter(expression: string, values: Record<string, unknown> = {}): string {
  return clients.users.filter(expression, values);
}

/** The URL of a person's picture, or "" if there is none. */
export function avatarUrl(person: { id: string; avatar: string; collectionId?: string } | undefined): string {
  if (!person?.avatar) return '';
  if (person.avatar.includes('/')) return `${person.avatar}?thumb=256x256`;
  return clients.users.files.getURL({ ...person, collectionName: 'users' }, person.avatar, { thumb: '256x256' });
}

/** Ends this session here and on the server. */
export async function signOut(): Promise<void> {
  try {
    await users.client.send('/api/auth/sign-out', { method: 'POST', body: {} });
  } finally {
    forgetForms();
    session.clear();
  }
}

/** Somebody proved to be another person than the one who is signed in; nobody is any more. */
export class SomebodyElse extends Error {}

/**
 * Signs in once more while signed in: some things need a sign-in of the last
 * minutes. What is on the screen stays, as the present session does until the new
 * one is there; then it is ended, so that they do not pile up.
 */
export async function signInAgain(attempt: (people: RecordService<User>) => Promise<unknown>): Promise<void> {
  const apart = new PocketBase('/api/users', new BaseAuthStore()).autoCancellation(false);
  const before = sessionId();
  const me = session.record?.id;
  await attempt(apart.collection('users'));
  const { token, record } = apart.authStore;
  if (record?.id !== me || !me) {
    // The cookie is theirs already: both sessions end.
    await Promise.allSettled([apart.send('/api/auth/sign-out', { method: 'POST', body: {} }), signOut()]);
    throw new SomebodyElse();
  }
  session.save(token, record);
  if (before && before !== sessionId()) await users.client.send('/api/auth/sign-out', { method: 'POST', body: { session: before } });
}

/** Fetches a file that only the signed-in person may have, and lets the browser save it. */
export async function download(domain: Domain, path: string, query: Record<string, unknown>, name: string): Promise<void> {
  let file: Blob | undefined;
  await clients[domain].send(path, {
    query,
    fetch: async (url: RequestInfo | URL, config?: RequestInit) => {
      const answer = await fetch(url, config);
      if (answer.ok) file = await answer.clone().blob(); // the SDK itself reads JSON only
      return answer;
    },
  });
  if (!file) return;
  saveFile(name, file);
}

/** The domains that take large files. */
export type UploadDomain = 'projects' | 'chats';

export function uploadClient(domain: UploadDomain): PocketBase {
  return clients[domain];
}

/** The address of a file that only some may read; it works for the few minutes its token lives. */
export async function fileUrl(domain: UploadDomain, record: { id: string; collectionName: string }, file: string, more: Record<string, string> = {}): Promise<string> {
  const token = await clients[domain].files.getToken();
  return clients[domain].files.getURL(record, file, { token, ...more });
}

/** Lets the browser show or save such a file. */
export async function openFile(domain: UploadDomain, record: { id: string; collectionName: string }, file: string): Promise<void> {
  const link = document.createElement('a');
  link.href = await fileUrl(domain, record, file, { download: '1' });
  link.download = '';
  link.click();
}

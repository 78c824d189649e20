// How people prove who they are, beyond e-mail and password, and what they may
// know about their own account's protection.
import { useQuery } from '@tanstack/react-query';
import { ClientResponseError, type AuthMethodsList, type RecordService } from 'pocketbase';
import { session, users } from '../api';
import type { Language } from '../i18n/i18n';
import { readStored, writeStored } from '../lib/preferences';
import { keys } from './keys';
import type { Role, User } from '../types';

/** What a sign-in came to: signed in, or a second factor is asked for. */
export type Entry = { done: true } | { done: false; mfaId: string };

type Attempt = (people: RecordService<User>) => Promise<unknown>;
/** How an attempt becomes the session of this browser. */
export type Door = (attempt: Attempt) => Promise<unknown>;

/** Signing in from outside: a token of yesterday is of no use. */
const anew: Door = (attempt) => {
  session.clear();
  return attempt(users.users);
};

/** Turns "a second factor is missing" from an error into an answer. */
async function enter(door: Door, attempt: Attempt): Promise<Entry> {
  try {
    await door(attempt);
    return { done: true };
  } catch (error) {
    const mfaId: unknown = error instanceof ClientResponseError ? error.response.mfaId : undefined;
    if (typeof mfaId === 'string') return { done: false, mfaId };
    throw error;
  }
}

/** A body given to the SDK replaces its own: with a first factor all of it is said again. */
const withFactor = (body: object, mfaId: string) => (mfaId ? { body: { ...body, mfaId } } : {});

export function enterWithPassword(email: string, password: string, mfaId = '', door = anew): Promise<Entry> {
  return enter(door, (people) => people.authWithPassword(email, password, withFactor({ identity: email, password }, mfaId)));
}

/** Sends a code to an address; the answer is the same when there is no such account. */
export async function requestCode(email: string): Promise<string> {
  return (await users.users.requestOTP(email)).otpId;
}

export function enterWithCode(otpId: string, code: string, mfaId = '', door = anew): Promise<Entry> {
  return enter(door, (people) => people.authWithOTP(otpId, code, withFactor({ otpId, password: code }, mfaId)));
}

/** The provider's window was closed before anybody was chosen in it, or not opened at all. */
export class WindowClosed extends Error {}

/** How often a window is looked at, and how long the news from it may take after it has closed. */
const lookMs = 300;
const newsMs = 2000;

const after = (ms: number) => new Promise((done) => { setTimeout(done, ms); });

/** Signs in with a provider in a window of its own; a new account gets the roles. */
export async function enterWithProvider(provider: string, roles: readonly Role[], language: Language, door = anew): Promise<Entry> {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // Opened before anything is waited for, or browsers take it for an advertisement.
  const popup = window.open('', '_blank', 'width=1024,height=768,resizable,menubar=no');
  if (!popup) throw new WindowClosed();
  let chosen = false;
  // The SDK would wait for ever; what this throws ends its waiting.
  const urlCallback = async (url: string) => {
    popup.location.href = url;
    // Some providers hide their window from ours, as if it were closed; but then the person is over there.
    while (!popup.closed || !document.hasFocus()) await after(lookMs);
    await after(newsMs);
    if (!chosen) throw new WindowClosed();
  };
  const exchange: typeof fetch = (...args) => {
    chosen = true;
    return fetch(...args);
  };
  try {
    return await enter(door, (people) => people.authWithOAuth2({ provider, createData: roles.length > 0 ? { roles, timezone, language } : {}, urlCallback, fetch: exchange }));
  } catch (error) {
    throw error instanceof ClientResponseError && error.originalError instanceof WindowClosed ? error.originalError : error;
  } finally {
    popup.close();
  }
}

/** Which providers the operator has configured. */
export function useAuthMethods() {
  return useQuery<AuthMethodsList>({ queryKey: ['auth-methods'], queryFn: () => users.users.listAuthMethods(), staleTime: Infinity });
}

export interface SignInOptions {
  /** Whether the operator has set up a mail server. */
  mail: boolean;
  requireVerified: boolean;
}

export function useSignInOptions() {
  return useQuery({ queryKey: ['sign-in-options'], queryFn: () => users.client.send<SignInOptions>('/api/auth/options', { method: 'GET' }), staleTime: Infinity });
}

export interface SecurityState {
  mfa: boolean;
  verified: boolean;
  providers: string[];
}

export function useSecurity(id: string) {
  return useQuery({ queryKey: [...keys.people, id, 'security'], queryFn: () => users.client.send<SecurityState>(`/api/users/${id}/security`, { method: 'GET' }), enabled: id !== '' });
}

const toldKey = 'lancershub_language_kept';

/**
 * Tells the server in which language a person reads, for their mails. What was
 * told from this device is not repeated: another device may say otherwise later.
 */
export async function tellLanguage(me: string, language: Language): Promise<void> {
  const told = readStored(toldKey) ?? '';
  if (told === `${me} ${language}` || (!told.startsWith(`${me} `) && language === 'en')) return;
  try {
    if (session.record?.language !== language) await users.users.update(me, { language });
    writeStored(toldKey, `${me} ${language}`);
  } catch {
    // told when the app is opened the next time
  }
}

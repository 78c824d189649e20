// One shape for everything that can go wrong with a request, and the sentence to show.
import { ClientResponseError } from 'pocketbase';
import { en } from '../i18n/en';
import type { Key } from '../i18n/catalogue';

/** What went wrong, as far as a screen needs to know. */
export interface Failure {
  /** HTTP status; 0 when no answer arrived. */
  status: number;
  /** The stable code of services/errors.go, or offline, or internal_error. */
  code: string;
  /** The server's own sentence, in English. */
  message: string;
  /** Field name -> code of what is wrong with it (PocketBase's validation codes). */
  fields: Record<string, string>;
  /** Further data, for example {allowed: [...]} or {held: 5000}. */
  data: Record<string, unknown>;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof ClientResponseError) {
    const data = (error.response?.data ?? {}) as Record<string, unknown>;
    const fields: Record<string, string> = {};
    for (const [name, value] of Object.entries(data)) {
      if (value !== null && typeof value === 'object' && 'code' in value) fields[name] = String(value.code);
    }
    if (typeof data.field === 'string' && typeof data.code === 'string') fields[data.field] = data.code;
    const code = typeof data.code === 'string' ? data.code : error.status === 0 ? 'offline' : 'internal_error';
    return { status: error.status, code, message: String(error.response?.message ?? ''), fields, data };
  }
  return { status: 0, code: 'internal_error', message: error instanceof Error ? error.message : '', fields: {}, data: {} };
}

/** The catalogue key of the sentence for a failure; null if only the server's own sentence says it. */
export function sentenceKey(failure: Failure): Key | null {
  const key = `error.${failure.code}`;
  return key in en ? (key as Key) : null;
}

/** The catalogue key of what is wrong with a field. */
export function fieldKey(code: string): Key {
  const key = `field.${code}`;
  return key in en ? (key as Key) : 'field.invalid';
}

/** Codes after which only signing in again helps. */
export function endsSession(failure: Failure): boolean {
  return failure.status === 401 && ['token_revoked', 'token_invalid', 'refresh_invalid', 'refresh_reused', 'auth_required'].includes(failure.code);
}

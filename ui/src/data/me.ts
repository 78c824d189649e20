// Who is signed in.
import { useSyncExternalStore } from 'react';
import { session } from '../api';
import type { Role, User } from '../types';

// Kept here: the session reads the browser's storage each time it is asked.
let current = session.token ? session.record : null;
session.onChange((token, record) => {
  current = token ? record : null;
});

const subscribe = (listener: () => void) => session.onChange(listener);
const snapshot = () => current;

/** The signed-in user, or null. */
export function useMe(): User | null {
  const record = useSyncExternalStore(subscribe, snapshot, () => null);
  return record as User | null;
}

export function hasRole(user: User | null, role: Role): boolean {
  return user?.roles.includes(role) ?? false;
}

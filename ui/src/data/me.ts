// Who is signed in.
import { useSyncExternalStore } from 'react';
import { session } from '../api';
import type { Role, User } from '../types';

let current = session.record;
session.onChange((_, record) => {
  current = record;
});

/** The signed-in user, or null. */
export function useMe(): User | null {
  const record = useSyncExternalStore((listener) => session.onChange(listener), () => (session.token ? current : null), () => null);
  return record as User | null;
}

export function hasRole(user: User | null, role: Role): boolean {
  return user?.roles.includes(role) ?? false;
}

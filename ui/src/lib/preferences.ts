// What a person chose for this device: theme and language. public/early.js reads
// the same keys before the first paint.
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';
const themeKey = 'lancershub_theme';
export const languageKey = 'lancershub_language';
const listeners = new Set<() => void>();

export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be closed to us
  }
}

export function writeStored(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // the choice then lasts until the page is closed
  }
}

function stored(): Theme {
  const value = readStored(themeKey);
  return value === 'light' || value === 'dark' ? value : 'system';
}

let theme: Theme = 'system';

function apply(): void {
  const dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', dark);
  const colour = getComputedStyle(document.documentElement).getPropertyValue('--canvas').trim();
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.setAttribute('content', colour);
}

/** Starts to follow the system's theme. Call once. */
export function startTheme(): void {
  theme = stored();
  if (theme !== 'system') apply(); // else index.html has done it
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
}

export function setTheme(next: Theme): void {
  theme = next;
  writeStored(themeKey, next === 'system' ? null : next);
  apply();
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => theme, () => 'system');
}

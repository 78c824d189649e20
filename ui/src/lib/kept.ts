// What is being written in a form, kept for this tab until it is sent: a reload,
// or a look at another page, must not cost it.
import { useCallback, useEffect, useRef, useState, type Dispatch, type SetStateAction } from 'react';
import { session } from '../api';
import { keptForms } from './forget';

const keyOf = (name: string) => `${keptForms}${session.record?.id ?? ''} ${name}`;

function read<T extends object>(name: string, initial: T): T {
  try {
    return { ...initial, ...JSON.parse(sessionStorage.getItem(keyOf(name)) ?? '{}') as Partial<T> };
  } catch {
    return initial; // storage may be closed to us
  }
}

/** State that is kept under a name (none: not kept) until forget is called. */
export function useKept<T extends object>(name: string, initial: T): [T, Dispatch<SetStateAction<T>>, () => void] {
  const [value, setValue] = useState(() => (name ? read(name, initial) : initial));
  const first = useRef(value);
  const over = useRef(name === '');
  useEffect(() => {
    if (over.current || value === first.current) return;
    try {
      sessionStorage.setItem(keyOf(name), JSON.stringify(value));
    } catch {
      // then it lasts until the page is closed
    }
  }, [name, value]);
  const forget = useCallback(() => {
    over.current = true;
    try {
      sessionStorage.removeItem(keyOf(name));
    } catch {
      // nothing was kept
    }
  }, [name]);
  return [value, setValue, forget];
}

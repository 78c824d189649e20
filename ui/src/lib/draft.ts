import { useEffect, useRef, useState } from 'react';

/** A field's own text, written to the address a moment after the last key. */
export function useDraft(value: string, commit: (value: string) => void): [string, (value: string) => void] {
  const [draft, setDraft] = useState(value);
  const known = useRef(value);
  useEffect(() => {
    if (known.current === value) return; // nor at the start: what was typed before this ran would be gone
    known.current = value;
    setDraft(value);
  }, [value]);
  useEffect(() => {
    if (draft === value) return;
    const timer = setTimeout(() => commit(draft), 300);
    return () => clearTimeout(timer);
  });
  return [draft, setDraft];
}

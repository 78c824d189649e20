import { useEffect, useLayoutEffect, useRef, type ComponentProps } from 'react';
import { useLocation, useNavigate, useNavigationType } from 'react-router';

/** How long after the last key a text is written to the address. */
const restMs = 300;

/**
 * Writes a part of the search in the address. It begins with the address as it is
 * now: the one that is drawn may be older.
 */
export function useAddress<Name extends string>(): (name: Name, value: string) => void {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  return (name, value) => {
    if (location.pathname !== pathname) return; // the page is being left
    const search = new URLSearchParams(location.search);
    if (value) search.set(name, value);
    else search.delete(name);
    void navigate({ pathname, search: search.toString() }, { replace: true });
  };
}

/**
 * A text field beside the address: the text is the field's own, and commit writes
 * it to the address a moment after the last key. A form only ever replaces the
 * address (useAddress), so a new value that came by a link or by going back is
 * shown in the field, and what was written is never put back over what was typed since.
 */
export function useTyped(value: string, commit: (text: string) => void): Pick<ComponentProps<'input'>, 'ref' | 'defaultValue' | 'onInput'> {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  const way = useNavigationType();
  useLayoutEffect(() => {
    if (way !== 'REPLACE' && field.current) field.current.value = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return {
    ref: field,
    defaultValue: value,
    onInput: (event) => {
      const { currentTarget } = event;
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => commit(currentTarget.value), restMs);
    },
  };
}

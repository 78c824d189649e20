// A button that opens a small panel. Escape and a press outside close it.
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useLocation } from 'react-router';

interface Props {
  /** What the button is for. */
  label: string;
  button: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Menu({ label, button, className = '', children }: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const id = useId();
  const { pathname } = useLocation();
  useEffect(() => setOpen(false), [pathname]);
  useEffect(() => {
    if (!open) return;
    const onPointer = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpen(false);
      trigger.current?.focus();
    };
    addEventListener('pointerdown', onPointer);
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('pointerdown', onPointer);
      removeEventListener('keydown', onKey);
    };
  }, [open]);
  return (
    <div ref={box} className="relative" onBlur={(event) => { if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) setOpen(false); }}>
      <button ref={trigger} type="button" title={label} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}
        className="inline-flex size-11 items-center justify-center rounded-[10px] text-muted hover:bg-sunken hover:text-ink">
        <span aria-hidden="true" className="contents">{button}</span>
        <span className="sr-only">{label}</span>
      </button>
      <div id={id} hidden={!open} className={`card rise absolute end-0 top-full z-40 mt-1 min-w-60 p-2 ${className}`}>{children}</div>
    </div>
  );
}

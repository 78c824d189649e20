// A dialog that carries out one command, with an optional note or reason.
import { useState, type ReactNode } from 'react';
import { useCommand } from '../data/command';
import type { Domain } from '../api';
import { useI18n } from '../i18n/i18n';
import { Again, tooOld } from '../routes/auth/again';
import { Button, type Look } from './button';
import { Dialog } from './dialog';
import { DialogActions } from './dialog-actions';
import { useToast } from './feedback';
import { Textarea } from './field';

interface Props<T> {
  /** The button that opens the dialog, and the dialog's title. */
  label: string;
  look?: Look;
  small?: boolean;
  className?: string;
  domain: Domain;
  /** <collection>/{id}/<verb> */
  path: string;
  /** What will happen, in words. */
  children?: ReactNode;
  /** Asks for a text sent under this name. */
  text?: { name: 'note' | 'reason'; label: string; required?: boolean; placeholder?: string };
  /** More to send. */
  body?: object;
  /** The button that does it; the label if not given. */
  confirm?: string;
  done: string;
  onDone?: (answer: T) => void;
}

export function CommandDialog<T = unknown>({ label, look = 'plain', small, className, domain, path, children, text, body, confirm, done, onDone }: Props<T>) {
  const { t } = useI18n();
  const say = useToast();
  const [open, setOpen] = useState(false);
  const [words, setWords] = useState('');
  const run = useCommand<T>({ onDone: (answer) => { setOpen(false); setWords(''); say(done); onDone?.(answer); } });
  return (
    <>
      <Button look={look} small={small} className={className} onClick={() => { run.reset(); setOpen(true); }}>{label}</Button>
      <Dialog open={open && !tooOld(run.error)} title={label} onClose={() => { if (!tooOld(run.error)) setOpen(false); }}>
        <form className="space-y-4" onSubmit={(event) => {
          event.preventDefault();
          run.mutate({ domain, path, body: { ...body, ...(text && words.trim() ? { [text.name]: words.trim() } : {}) } });
        }}>
          {children}
          {text && <Textarea label={text.label} optional={!text.required} required={text.required} placeholder={text.placeholder} value={words} maxLength={text.name === 'reason' ? 1000 : 5000} onChange={(event) => setWords(event.target.value)} />}
          <DialogActions error={run.error} onCancel={() => setOpen(false)} cancel={t(look === 'danger' ? 'action.notNow' : 'action.cancel')} look={look === 'danger' ? 'danger' : 'primary'} busy={run.isPending}>{confirm ?? label}</DialogActions>
        </form>
      </Dialog>
      <Again run={run} />
    </>
  );
}

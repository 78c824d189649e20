// A modal dialog on the native element: focus is kept inside, Escape closes, and
// on a phone it comes up from below.
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useI18n } from '../i18n/i18n';
import { IconButton } from './button';

interface Props {
  open: boolean;
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}

export function Dialog({ open, title, onClose, children, wide = false }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const { t } = useI18n();
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog ref={ref} aria-labelledby={id} onClose={onClose}
      onClick={(event) => { if (event.target === ref.current) onClose(); }}
      className={`card max-h-[92dvh] w-full overflow-auto p-0 max-sm:mb-0 max-sm:max-w-none max-sm:rounded-b-none open:rise ${wide ? 'sm:max-w-2xl' : 'sm:max-w-lg'}`}>
      {open && (
        <div className="p-5 sm:p-6">
          <div className="mb-4 flex items-start justify-between gap-3">
            <h2 id={id} className="pt-2 text-xl font-semibold">{title}</h2>
            <IconButton icon="close" label={t('action.close')} onClick={onClose} className="-me-2" />
          </div>
          {children}
        </div>
      )}
    </dialog>
  );
}

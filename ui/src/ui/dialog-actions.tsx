// How the form of a dialog ends: what went wrong, the way out, and the button that sends it.
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n';
import { Button, type Look } from './button';
import { ErrorNotice } from './feedback';
import type { IconName } from './icon';

interface Props {
  /** What the command was refused with, if it was. */
  error: unknown;
  onCancel: () => void;
  /** The way out in words; "Cancel" if not given. */
  cancel?: string;
  look?: Look;
  icon?: IconName;
  /** The command is under way. */
  busy: boolean;
  disabled?: boolean;
  /** What the submit button says. */
  children: ReactNode;
}

export function DialogActions({ error, onCancel, cancel, children, ...submit }: Props) {
  const { t } = useI18n();
  return (
    <>
      <ErrorNotice error={error} />
      <div className="flex flex-wrap justify-end gap-2">
        <Button look="quiet" onClick={onCancel}>{cancel ?? t('action.cancel')}</Button>
        <Button type="submit" {...submit}>{children}</Button>
      </div>
    </>
  );
}

// Some things need a sign-in of the last minutes: asks for the password and goes on.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { signInAgain } from '../api';
import { useMe } from '../data/me';
import { useI18n } from '../i18n/i18n';
import { failureOf } from '../lib/errors';
import { Button } from './button';
import { Dialog } from './dialog';
import { ErrorNotice } from './feedback';
import { Input } from './field';

interface Props {
  open: boolean;
  onClose: () => void;
  /** Called once the session is fresh. */
  onDone: () => void;
}

export function SignInAgain({ open, onClose, onDone }: Props) {
  const { t } = useI18n();
  const me = useMe();
  const [password, setPassword] = useState('');
  const run = useMutation({ mutationFn: () => signInAgain(me?.email ?? '', password), onSuccess: () => { setPassword(''); onDone(); } });
  const wrong = failureOf(run.error).status === 400;
  return (
    <Dialog open={open} title={t('again.title')} onClose={onClose}>
      <form className="space-y-4" onSubmit={(event) => { event.preventDefault(); run.mutate(); }}>
        <p className="text-muted">{t('again.text')}</p>
        <input type="hidden" name="username" autoComplete="username" value={me?.email ?? ''} readOnly />
        <Input label={t('auth.password')} name="password" type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} error={wrong ? 'old_password' : undefined} />
        {!wrong && <ErrorNotice error={run.error} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button look="quiet" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" icon="lock" busy={run.isPending}>{t('again.confirm')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

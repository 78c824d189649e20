// Some things need a sign-in of the last minutes: asks for one, in any of the ways
// the account has, without leaving the page, and goes on.
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { signInAgain, SomebodyElse } from '../../api';
import { enterWithPassword, useSignInOptions, type Entry } from '../../data/account';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { ErrorNotice, Notice, useToast } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { Providers } from './providers';
import { CodeForm } from './second-factor';

interface Props {
  /** Called when it is given up. */
  onClose: () => void;
  /** Called once the session is fresh. */
  onDone: () => void;
}

export default function SignInAgain({ onClose, onDone }: Props) {
  const { t } = useI18n();
  const say = useToast();
  const wanted = useRef(false);
  useEffect(() => {
    wanted.current = true;
    return () => { wanted.current = false; };
  }, []);
  // A provider's window may answer after this dialog was given up.
  const done = () => { if (wanted.current) onDone(); };
  // Nobody is signed in then, and the page with this dialog is left.
  const failed = (error: unknown) => { if (error instanceof SomebodyElse) say(t('again.somebodyElse'), 'alert'); };
  return <Dialog open title={t('again.title')} onClose={onClose}><Factors onDone={done} onError={failed} onClose={onClose} /></Dialog>;
}

function Factors({ onDone, onError, onClose }: { onDone: () => void; onError: (error: unknown) => void; onClose: () => void }) {
  const { t } = useI18n();
  const email = useMe()?.email ?? '';
  const options = useSignInOptions();
  const [password, setPassword] = useState('');
  const [mfaId, setMfaId] = useState('');
  const [withCode, setWithCode] = useState(false);
  /** What follows a first factor, whichever it was: a code after a password or a provider, the password after a code. */
  const follow = (next: 'code' | 'password') => (entry: Entry) => {
    if (entry.done) return onDone();
    setMfaId(entry.mfaId);
    setWithCode(next === 'code');
  };
  const run = useMutation({ mutationFn: () => enterWithPassword(email, password, mfaId, signInAgain), onSuccess: follow('code'), onError });
  const back = () => { setMfaId(''); setWithCode(false); run.reset(); };
  if (withCode) return <CodeForm email={email} mfaId={mfaId} door={signInAgain} onEntry={follow('password')} onError={onError} onBack={back} />;
  const wrong = failureOf(run.error).status === 400;
  return (
    <form className="space-y-4" onSubmit={(event) => { event.preventDefault(); run.mutate(); }}>
      <p className="text-muted">{t('again.text')}</p>
      {mfaId && <Notice tone="plain" icon="lock">{t('code.passwordToo')}</Notice>}
      <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
      <Input label={t('auth.password')} name="password" type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} error={wrong ? 'old_password' : undefined} />
      {!wrong && <ErrorNotice error={run.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button look="quiet" onClick={onClose}>{t('action.cancel')}</Button>
        <Button type="submit" icon="lock" busy={run.isPending}>{t('again.confirm')}</Button>
      </div>
      {options.data?.mail && !mfaId && <Button look="quiet" className="w-full" onClick={() => setWithCode(true)}>{t('code.offer')}</Button>}
      {!mfaId && <Providers roles={[]} door={signInAgain} onEntry={follow('code')} onError={onError} />}
    </form>
  );
}

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, Navigate, useSearchParams } from 'react-router';
import { enterWithPassword, useSignInOptions, type Entry } from '../../data/account';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { Button } from '../../ui/button';
import { ErrorNotice, Notice } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { AuthFrame, nextOf } from './frame';
import { Providers } from './providers';
import { CodeForm } from './second-factor';

export default function SignIn() {
  const { t } = useI18n();
  const me = useMe();
  const [params] = useSearchParams();
  const options = useSignInOptions();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [mfaId, setMfaId] = useState('');
  const [withCode, setWithCode] = useState(false);
  // A code that was the first factor leaves the password as the second.
  const onEntry = (entry: Entry) => {
    if (entry.done) return;
    setMfaId(entry.mfaId);
    setWithCode(!withCode);
  };
  const entering = useMutation({ mutationFn: () => enterWithPassword(email.trim(), password, mfaId), onSuccess: onEntry });
  const back = () => { setMfaId(''); setWithCode(false); entering.reset(); };
  if (me) return <Navigate to={nextOf(params)} replace />;
  if (withCode) return <AuthFrame title={t(mfaId ? 'code.title' : 'auth.signIn')}><CodeForm email={email.trim()} mfaId={mfaId} onEntry={onEntry} onBack={back} /></AuthFrame>;
  const wrong = entering.isError && failureOf(entering.error).status === 400;
  return (
    <AuthFrame title={t('auth.signIn')}>
      <form className="space-y-5" onSubmit={(event) => { event.preventDefault(); entering.mutate(); }}>
        {params.has('next') && <Notice tone="plain">{t('auth.signInFirst')}</Notice>}
        {mfaId && <Notice tone="plain" icon="lock">{t('code.passwordToo')}</Notice>}
        <Input label={t('auth.email')} type="email" name="email" autoComplete="username" required value={email} onChange={(event) => setEmail(event.target.value)} />
        <Input label={t('auth.password')} type="password" name="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
        <p className="-mt-3 text-end text-sm"><Link to="/forgot-password" className="inline-block py-1 font-medium text-primary underline">{t('forgot.link')}</Link></p>
        {wrong ? <Notice tone="danger" icon="alert" live>{t('auth.wrong')}</Notice> : <ErrorNotice error={entering.error} />}
        <Button type="submit" busy={entering.isPending} className="w-full">{t('auth.signIn')}</Button>
        {options.data?.mail && !mfaId && <Button look="quiet" className="w-full" onClick={() => setWithCode(true)}>{t('code.offer')}</Button>}
        {!mfaId && <Providers roles={[]} onEntry={(entry) => { if (!entry.done) { setMfaId(entry.mfaId); setWithCode(true); } }} />}
        <p className="text-center text-sm text-muted">{t('auth.noAccount')} <Link to={`/sign-up${params.size ? `?${params}` : ''}`} className="font-medium text-primary underline">{t('action.signUp')}</Link></p>
      </form>
    </AuthFrame>
  );
}

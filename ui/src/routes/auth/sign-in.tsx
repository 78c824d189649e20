import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, Navigate, useSearchParams } from 'react-router';
import { signIn } from '../../api';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { Button } from '../../ui/button';
import { ErrorNotice, Notice } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { AuthFrame, nextOf } from './frame';

export default function SignIn() {
  const { t } = useI18n();
  const me = useMe();
  const [params] = useSearchParams();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const entering = useMutation({ mutationFn: () => signIn(email.trim(), password) });
  if (me) return <Navigate to={nextOf(params)} replace />;
  const failure = failureOf(entering.error);
  const wrong = entering.isError && failure.status === 400;
  return (
    <AuthFrame title={t('auth.signIn')}>
      <form className="space-y-5" onSubmit={(event) => { event.preventDefault(); entering.mutate(); }}>
        {params.has('next') && <Notice tone="plain">{t('auth.signInFirst')}</Notice>}
        <Input label={t('auth.email')} type="email" name="email" autoComplete="username" required value={email} onChange={(event) => setEmail(event.target.value)} />
        <Input label={t('auth.password')} type="password" name="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
        <p className="-mt-3 text-end text-sm"><Link to="/forgot-password" className="inline-block py-1 font-medium text-primary underline">{t('forgot.link')}</Link></p>
        {wrong ? <Notice tone="danger" icon="alert" live>{t('auth.wrong')}</Notice> : <ErrorNotice error={entering.error} />}
        <Button type="submit" busy={entering.isPending} className="w-full">{t('auth.signIn')}</Button>
        <p className="text-center text-sm text-muted">{t('auth.noAccount')} <Link to={`/sign-up${params.size ? `?${params}` : ''}`} className="font-medium text-primary underline">{t('action.signUp')}</Link></p>
      </form>
    </AuthFrame>
  );
}

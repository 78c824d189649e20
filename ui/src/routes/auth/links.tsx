// Where the links of mails lead: confirm an address, choose a new password,
// confirm a new address. The token is behind the #, so that it reaches no log.
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'react-router';
import { session, users } from '../../api';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { Button, LinkButton } from '../../ui/button';
import { ErrorNotice, Notice, Skeleton } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { AuthFrame } from './frame';

export type LinkKind = 'confirm-email' | 'reset-password' | 'change-email';

export default function MailLink({ kind }: { kind: LinkKind }) {
  const token = useLocation().hash.slice(1);
  if (kind === 'confirm-email') return <Confirm token={token} />;
  return <WithPassword token={token} kind={kind} />;
}

/** A link that is not good any more. */
function Stale() {
  const { t } = useI18n();
  return <Notice tone="warn" icon="alert" live>{t('link.stale')}</Notice>;
}

function Confirm({ token }: { token: string }) {
  const { t } = useI18n();
  const me = useMe();
  const confirming = useMutation({
    mutationFn: () => users.users.confirmVerification(token),
    onSuccess: () => { if (session.record) session.save(session.token, { ...session.record, verified: true }); },
  });
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current || !token) return;
    begun.current = true;
    confirming.mutate();
  });
  return (
    <AuthFrame title={t('link.confirmTitle')}>
      <div className="space-y-5">
        {confirming.isPending && <Skeleton className="h-14" />}
        {confirming.isSuccess && <Notice tone="good" icon="check" live>{t('link.confirmed')}</Notice>}
        {(!token || failureOf(confirming.error).status === 400) ? <Stale /> : <ErrorNotice error={confirming.error} onRetry={() => confirming.mutate()} />}
        <LinkButton to={me ? '/dashboard' : '/sign-in'} className="w-full">{t(me ? 'home.toDashboard' : 'auth.signIn')}</LinkButton>
      </div>
    </AuthFrame>
  );
}

function WithPassword({ token, kind }: { token: string; kind: 'reset-password' | 'change-email' }) {
  const { t } = useI18n();
  const [password, setPassword] = useState('');
  const [checked, setChecked] = useState(false);
  const fresh = kind === 'reset-password';
  const sending = useMutation({
    mutationFn: () => (fresh ? users.users.confirmPasswordReset(token, password, password) : users.users.confirmEmailChange(token, password)),
    onSuccess: () => session.clear(), // both end every session
  });
  const failure = failureOf(sending.error);
  const stale = !token || 'token' in failure.fields;
  const weak = fresh && password.length < 8;
  return (
    <AuthFrame title={t(fresh ? 'forgot.title' : 'link.changeTitle')}>
      {sending.isSuccess ? (
        <div className="space-y-5">
          <Notice tone="good" icon="check" live>{t(fresh ? 'link.passwordChanged' : 'link.emailChanged')}</Notice>
          <LinkButton to="/sign-in" className="w-full">{t('auth.signIn')}</LinkButton>
        </div>
      ) : (
        <form noValidate className="space-y-5" onSubmit={(event) => { event.preventDefault(); setChecked(true); if (!weak && password) sending.mutate(); }}>
          {!fresh && <p className="text-muted">{t('link.changeText')}</p>}
          <Input label={t(fresh ? 'password.new' : 'auth.password')} type="password" autoComplete={fresh ? 'new-password' : 'current-password'} maxLength={71} value={password} onChange={(event) => setPassword(event.target.value)}
            hint={fresh ? t('auth.passwordHint') : undefined} error={checked && (weak || !password) ? (fresh ? 'password_short' : 'required') : failure.fields.password ? (fresh ? failure.fields.password : 'old_password') : undefined} />
          {stale ? <Stale /> : !failure.fields.password && <ErrorNotice error={sending.error} />}
          <Button type="submit" busy={sending.isPending} className="w-full">{t(fresh ? 'password.change' : 'link.changeConfirm')}</Button>
          {stale && fresh && <p className="text-center text-sm"><Link to="/forgot-password" className="font-medium text-primary underline">{t('link.askAgain')}</Link></p>}
        </form>
      )}
    </AuthFrame>
  );
}

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { users } from '../../api';
import { useI18n } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { ErrorNotice, Notice } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { AuthFrame } from './frame';

/** Asks for an e-mail with a link to choose a new password. The answer never tells who has an account. */
export default function ForgotPassword() {
  const { t } = useI18n();
  const [email, setEmail] = useState('');
  const asking = useMutation({ mutationFn: () => users.users.requestPasswordReset(email.trim()) });
  return (
    <AuthFrame title={t('forgot.title')}>
      {asking.isSuccess ? <Notice tone="good" icon="check" live>{t('forgot.done')}</Notice> : (
        <form className="space-y-5" onSubmit={(event) => { event.preventDefault(); asking.mutate(); }}>
          <p className="text-muted">{t('forgot.text')}</p>
          <Input label={t('auth.email')} type="email" name="email" autoComplete="username" required value={email} onChange={(event) => setEmail(event.target.value)} />
          <ErrorNotice error={asking.error} />
          <Button type="submit" busy={asking.isPending} className="w-full">{t('forgot.send')}</Button>
        </form>
      )}
      <p className="mt-5 text-center text-sm"><Link to="/sign-in" className="font-medium text-primary underline">{t('auth.signIn')}</Link></p>
    </AuthFrame>
  );
}

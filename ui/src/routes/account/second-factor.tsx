// Switching the second factor on and off, the providers that are linked, and a new e-mail address.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { users } from '../../api';
import { useSecurity, useSignInOptions } from '../../data/account';
import { keys } from '../../data/keys';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import type { User } from '../../types';
import { Button } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { ErrorNotice, Notice, Skeleton } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { Card } from '../../ui/page';

export function SecondFactor({ user }: { user: User }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const state = useSecurity(user.id);
  const options = useSignInOptions();
  const fresh = () => void queries.invalidateQueries({ queryKey: keys.people });
  const on = state.data?.mfa ?? false;
  const cannot = !on && (options.data?.mail === false ? t('mfa.noMail') : state.data?.verified === false ? t('mfa.unverified') : '');
  return (
    <Card title={t('mfa.title')}>
      <ErrorNotice error={state.error} onRetry={() => void state.refetch()} />
      {state.isPending ? <Skeleton className="h-16" /> : (
        <div className="space-y-4">
          <p className="text-muted">{t('mfa.text')}</p>
          <p className="font-medium">{t(on ? 'mfa.on' : 'mfa.off')}</p>
          {cannot ? <Notice tone="plain">{cannot}</Notice> : on
            ? <CommandDialog label={t('mfa.disable')} look="danger" domain="users" path={`users/${user.id}/disable-mfa`} done={t('mfa.disabled')} onDone={fresh}><p className="text-muted">{t('mfa.disableText')}</p></CommandDialog>
            : <CommandDialog label={t('mfa.enable')} domain="users" path={`users/${user.id}/enable-mfa`} done={t('mfa.enabled')} onDone={fresh}><p className="text-muted">{t('mfa.enableText', { email: user.email })}</p></CommandDialog>}
          {(state.data?.providers.length ?? 0) > 0 && <p className="text-sm text-muted">{t('mfa.providers', { names: state.data?.providers.join(', ') ?? '' })}</p>}
        </div>
      )}
    </Card>
  );
}

export function NewEmail({ user }: { user: User }) {
  const { t } = useI18n();
  const options = useSignInOptions();
  const [email, setEmail] = useState('');
  const asking = useMutation({ mutationFn: () => users.users.requestEmailChange(email.trim()) });
  const { fields } = failureOf(asking.error);
  if (options.data?.mail === false) return null;
  return (
    <Card title={t('newEmail.title')}>
      {asking.isSuccess ? <Notice tone="good" icon="check" live>{t('newEmail.sent', { email: email.trim() })}</Notice> : (
        <form className="space-y-5" onSubmit={(event) => { event.preventDefault(); if (email.trim() !== user.email) asking.mutate(); }}>
          <Input label={t('newEmail.label')} type="email" autoComplete="email" required value={email} onChange={(event) => setEmail(event.target.value)} hint={t('newEmail.hint')} error={fields.newEmail} />
          {!fields.newEmail && <ErrorNotice error={asking.error} />}
          <Button type="submit" look="plain" busy={asking.isPending}>{t('newEmail.send')}</Button>
        </form>
      )}
    </Card>
  );
}

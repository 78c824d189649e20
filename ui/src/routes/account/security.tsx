// Password, and where one is signed in.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { session, sessionId, signOut, users } from '../../api';
import { enterWithPassword } from '../../data/account';
import { keys } from '../../data/keys';
import { useSessions } from '../../data/people';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { deviceOf } from '../../lib/device';
import type { User } from '../../types';
import { Button } from '../../ui/button';
import { ErrorNotice, Notice, SkeletonRows, useToast } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Card } from '../../ui/page';
import { Ago } from '../../ui/show';
import { NewEmail, SecondFactor } from './second-factor';

export function Security({ user }: { user: User }) {
  return (
    <div className="space-y-5">
      <Sessions />
      <Password user={user} />
      <SecondFactor user={user} />
      <Email user={user} />
      <NewEmail user={user} />
    </div>
  );
}

function Sessions() {
  const { t } = useI18n();
  const say = useToast();
  const queries = useQueryClient();
  const query = useSessions();
  const present = sessionId();
  const ending = useMutation({
    mutationFn: async (ids: readonly string[]) => {
      for (const id of ids) await users.client.send('/api/auth/sign-out', { method: 'POST', body: { session: id } });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keys.sessions });
      say(t('sessions.ended'));
    },
  });
  const others = query.data?.filter((one) => one.id !== present) ?? [];
  return (
    <Card title={t('sessions.title')} actions={others.length > 0 && <Button look="danger" small busy={ending.isPending} onClick={() => ending.mutate(others.map((one) => one.id))}>{t('sessions.endOthers')}</Button>}>
      <p className="mb-3 text-sm text-muted">{t('sessions.text')}</p>
      <ErrorNotice error={query.error ?? ending.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows count={2} className="h-16" />}
      <ul className="divide-y divide-line">
        {query.data?.map((one) => {
          const device = deviceOf(one.userAgent);
          return (
            <li key={one.id} className="flex flex-wrap items-center justify-between gap-3 py-3">
              <div className="flex min-w-0 items-center gap-3">
                <Icon name="screen" className="size-6 text-muted" />
                <div className="min-w-0">
                  <p className="font-medium">{device || t('sessions.unknown')}{one.id === present && <span className="ms-2 rounded-full bg-soft px-2 py-0.5 text-xs font-semibold text-strong">{t('sessions.here')}</span>}</p>
                  <p className="text-sm text-muted"><bdi>{one.ip}</bdi> · {t('sessions.active')} <Ago at={one.rotatedAt || one.created} /></p>
                </div>
              </div>
              {one.id === present
                ? <Button look="plain" small onClick={() => void signOut()}>{t('action.signOut')}</Button>
                : <Button look="plain" small disabled={ending.isPending} onClick={() => ending.mutate([one.id])}>{t('sessions.end')}</Button>}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Email({ user }: { user: User }) {
  const { t } = useI18n();
  const asking = useMutation({ mutationFn: () => users.users.requestVerification(user.email) });
  return (
    <Card title={t('auth.email')}>
      <p className="mb-3"><bdi>{user.email}</bdi> <span className={`ms-2 rounded-full px-2 py-0.5 text-xs font-semibold ${user.verified ? 'bg-soft text-strong' : 'bg-warn-soft text-warn'}`}>{user.verified ? t('email.verified') : t('email.unverified')}</span></p>
      {!user.verified && (asking.isSuccess ? <Notice tone="good" icon="check" live>{t('email.sent')}</Notice> : <Button look="plain" busy={asking.isPending} onClick={() => asking.mutate()}>{t('email.send')}</Button>)}
      <ErrorNotice error={asking.error} />
    </Card>
  );
}

function Password({ user }: { user: User }) {
  const { t } = useI18n();
  const say = useToast();
  const queries = useQueryClient();
  const [values, setValues] = useState({ oldPassword: '', password: '' });
  const [checked, setChecked] = useState(false);
  const changing = useMutation({
    mutationFn: async () => {
      const email = session.record?.email as string;
      await users.users.update(user.id, { ...values, passwordConfirm: values.password });
      // A new password ends every session, this one too. With a second factor the way back is the sign-in page.
      if (!(await enterWithPassword(email, values.password)).done) session.clear();
    },
    onSuccess: async () => {
      setValues({ oldPassword: '', password: '' });
      setChecked(false);
      await queries.invalidateQueries({ queryKey: keys.sessions });
      say(t('password.changed'));
    },
  });
  const fields = failureOf(changing.error).fields;
  const weak = values.password.length < 8;
  return (
    <Card title={t('password.title')}>
      <form noValidate className="space-y-5" onSubmit={(event) => { event.preventDefault(); setChecked(true); if (!weak && values.oldPassword) changing.mutate(); }}>
        <input type="text" autoComplete="username" value={user.email} readOnly hidden />
        <Input label={t('password.old')} type="password" autoComplete="current-password" value={values.oldPassword} onChange={(event) => setValues({ ...values, oldPassword: event.target.value })} error={fields.oldPassword ? 'old_password' : checked && !values.oldPassword ? 'required' : undefined} />
        <Input label={t('password.new')} type="password" autoComplete="new-password" value={values.password} maxLength={71} onChange={(event) => setValues({ ...values, password: event.target.value })} hint={t('auth.passwordHint')} error={checked && weak ? 'password_short' : fields.password} />
        <p className="text-sm text-muted">{t('password.note')}</p>
        {!fields.oldPassword && <ErrorNotice error={changing.error} />}
        <Button type="submit" busy={changing.isPending}>{t('password.change')}</Button>
      </form>
    </Card>
  );
}

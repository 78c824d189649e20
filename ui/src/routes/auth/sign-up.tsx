import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, Navigate, useNavigate, useSearchParams } from 'react-router';
import { users } from '../../api';
import { enterWithPassword } from '../../data/account';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { focusFirstInvalid } from '../../lib/focus';
import type { Role } from '../../types';
import { Button } from '../../ui/button';
import { ErrorNotice, Notice } from '../../ui/feedback';
import { Choice, Input } from '../../ui/field';
import { AuthFrame, nextOf } from './frame';
import { Providers } from './providers';

/** Thrown when the account could not be opened with what was typed: the e-mail may belong to an account already. */
class MaybeTaken extends Error {}

export default function SignUp() {
  const { t, language } = useI18n();
  const me = useMe();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const asked = params.get('role');
  const [roles, setRoles] = useState<Role[]>(asked === 'client' || asked === 'freelancer' ? [asked] : []);
  const [values, setValues] = useState({ name: '', email: '', password: '' });
  const [checked, setChecked] = useState(false);
  const joining = useMutation({
    mutationFn: async () => {
      const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      await users.users.create({ ...values, email: values.email.trim(), name: values.name.trim(), passwordConfirm: values.password, roles, timezone, language });
      try {
        const entry = await enterWithPassword(values.email.trim(), values.password);
        if (!entry.done) void navigate('/sign-in'); // an account of old, with a second factor
      } catch (error) {
        // The server answers alike whether or not the e-mail is taken.
        throw failureOf(error).status === 400 ? new MaybeTaken() : error;
      }
    },
  });
  if (me) return <Navigate to={params.has('next') ? nextOf(params) : roles.includes('client') ? '/work' : '/projects'} replace />;
  const fields = failureOf(joining.error).fields;
  const toggle = (role: Role) => setRoles((old) => (old.includes(role) ? old.filter((one) => one !== role) : [...old, role]));
  const weak = values.password.length < 8;
  return (
    <AuthFrame title={t('auth.signUp')} intro={t('auth.signUpIntro')}>
      <form noValidate className="space-y-5" onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (roles.length > 0 && values.name.trim() && values.email.includes('@') && !weak) joining.mutate();
        else focusFirstInvalid(event.currentTarget);
      }}>
        <fieldset>
          <legend className="mb-2 text-sm font-medium">{t('auth.role')}</legend>
          <div className="grid gap-3">
            <Choice type="checkbox" name="roles" value="client" checked={roles.includes('client')} onChange={() => toggle('client')} title={t('auth.roleClient')} text={t('auth.roleClientText')} />
            <Choice type="checkbox" name="roles" value="freelancer" checked={roles.includes('freelancer')} onChange={() => toggle('freelancer')} title={t('auth.roleFreelancer')} text={t('auth.roleFreelancerText')} />
          </div>
          {checked && roles.length === 0 && <p role="alert" className="mt-1.5 text-sm text-danger">{t('auth.roleNeeded')}</p>}
        </fieldset>
        <Input label={t('auth.name')} name="name" dir="auto" autoComplete="name" required maxLength={120} value={values.name} onChange={(event) => setValues({ ...values, name: event.target.value })} error={checked && !values.name.trim() ? 'required' : fields.name} hint={t('auth.nameHint')} />
        <Input label={t('auth.email')} type="email" name="email" autoComplete="username" required value={values.email} onChange={(event) => setValues({ ...values, email: event.target.value })} error={checked && !values.email.includes('@') ? 'validation_is_email' : fields.email} />
        <Input label={t('auth.password')} type="password" name="password" autoComplete="new-password" required minLength={8} maxLength={71} value={values.password} onChange={(event) => setValues({ ...values, password: event.target.value })} error={checked && weak ? 'password_short' : fields.password} hint={t('auth.passwordHint')} />
        {joining.error instanceof MaybeTaken
          ? <Notice tone="warn" icon="alert" live>{t('auth.maybeTaken')} <Link to="/sign-in" className="font-medium underline">{t('auth.signIn')}</Link></Notice>
          : <ErrorNotice error={joining.error} />}
        <Button type="submit" busy={joining.isPending} className="w-full">{t('auth.create')}</Button>
        <Providers roles={roles} blocked={roles.length === 0 ? t('provider.roleFirst') : ''} onEntry={(entry) => { if (!entry.done) void navigate('/sign-in'); }} />
        <p className="text-center text-sm text-muted">{t('auth.haveAccountQuestion')} <Link to={`/sign-in${params.has('next') ? `?next=${encodeURIComponent(params.get('next') ?? '')}` : ''}`} className="font-medium text-primary underline">{t('auth.signIn')}</Link></p>
      </form>
    </AuthFrame>
  );
}

import { useRef, useState } from 'react';
import { currencyDecimals } from '../../lib/money';
import { useI18n } from '../../i18n/i18n';
import { useCountries } from '../../lib/countries';
import { failureOf } from '../../lib/errors';
import type { Role, User } from '../../types';
import { Button } from '../../ui/button';
import { ErrorNotice } from '../../ui/feedback';
import { Choice, Input, Select, Textarea } from '../../ui/field';
import { MoneyInput } from '../../ui/money-input';
import { Card } from '../../ui/page';
import { Avatar } from '../../ui/show';
import { useSaveUser } from './save';

/** The server takes pictures of at most 2 MiB. */
const maxPicture = 2 << 20;

export function ProfileForm({ user }: { user: User }) {
  const { t } = useI18n();
  const saving = useSaveUser(user.id);
  const picturing = useSaveUser(user.id);
  const [tooLarge, setTooLarge] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const [values, setValues] = useState({ name: user.name, headline: user.headline, bio: user.bio, skills: (user.skills ?? []).join(', '), roles: user.roles, hourlyRate: user.hourlyRate || null, country: user.country });
  const set = <K extends keyof typeof values>(name: K, value: (typeof values)[K]) => setValues((old) => ({ ...old, [name]: value }));
  const toggle = (role: Role) => set('roles', values.roles.includes(role) ? values.roles.filter((one) => one !== role) : [...values.roles, role]);
  const fields = failureOf(saving.error).fields;
  const countries = useCountries(user.country);
  const currency = user.currency in currencyDecimals ? user.currency : 'EUR';
  return (
    <div className="space-y-5">
      <Card title={t('account.picture')}>
        <div className="flex flex-wrap items-center gap-4">
          <Avatar person={user} className="size-20 text-2xl" />
          <div className="flex flex-wrap gap-2">
            <input ref={file} type="file" accept="image/jpeg,image/png,image/webp" className="hidden" aria-label={t('account.choosePicture')} tabIndex={-1} onChange={(event) => {
              const chosen = event.target.files?.[0];
              setTooLarge((chosen?.size ?? 0) > maxPicture);
              if (!chosen || chosen.size > maxPicture) return;
              const form = new FormData();
              form.set('avatar', chosen);
              picturing.mutate(form);
            }} />
            <Button look="plain" small busy={picturing.isPending} onClick={() => file.current?.click()}>{t('account.choosePicture')}</Button>
            {user.avatar && <Button look="quiet" small onClick={() => picturing.mutate({ avatar: '' })}>{t('account.removePicture')}</Button>}
            <p className="w-full text-sm text-muted">{tooLarge ? <span className="text-danger">{t('account.pictureTooLarge')}</span> : t('account.pictureHint')}</p>
          </div>
        </div>
        <div className="mt-3 empty:hidden"><ErrorNotice error={picturing.error} /></div>
      </Card>
      <Card title={t('account.profile')}>
        <form className="space-y-5" onSubmit={(event) => {
          event.preventDefault();
          saving.mutate({ ...values, name: values.name.trim(), hourlyRate: values.hourlyRate ?? 0, currency: user.currency || currency, skills: [...new Set(values.skills.split(/[,،\n]/).map((skill) => skill.trim()).filter(Boolean))].slice(0, 30) });
        }}>
          <Input label={t('auth.name')} name="name" dir="auto" autoComplete="name" maxLength={120} required value={values.name} onChange={(event) => set('name', event.target.value)} error={fields.name} />
          <Input label={t('account.headline')} name="headline" dir="auto" maxLength={160} optional value={values.headline} onChange={(event) => set('headline', event.target.value)} hint={t('account.headlineHint')} error={fields.headline} />
          <Textarea label={t('account.bio')} name="bio" maxLength={5000} optional value={values.bio} onChange={(event) => set('bio', event.target.value)} error={fields.bio} />
          <Input label={t('edit.field.skills')} name="skills" dir="auto" optional value={values.skills} onChange={(event) => set('skills', event.target.value)} hint={t('edit.field.skillsHint')} error={fields.skills} />
          <div className="grid gap-5 sm:grid-cols-2">
            <MoneyInput label={t('people.rate')} name="hourlyRate" currency={currency} value={values.hourlyRate} onChange={(amount) => set('hourlyRate', amount)} optional error={fields.hourlyRate} />
            <Select label={t('account.country')} name="country" autoComplete="country" optional value={values.country} onChange={(event) => set('country', event.target.value)} error={fields.country}>
              <option value="">–</option>
              {countries.map(({ code, name }) => <option key={code} value={code}>{name}</option>)}
            </Select>
          </div>
          <fieldset>
            <legend className="mb-2 text-sm font-medium">{t('people.roles')}</legend>
            <div className="grid gap-3 sm:grid-cols-2">
              <Choice type="checkbox" name="roles" value="client" checked={values.roles.includes('client')} onChange={() => toggle('client')} title={t('role.client')} text={t('auth.roleClientText')} />
              <Choice type="checkbox" name="roles" value="freelancer" checked={values.roles.includes('freelancer')} onChange={() => toggle('freelancer')} title={t('role.freelancer')} text={t('auth.roleFreelancerText')} />
            </div>
            {values.roles.length === 0 && <p role="alert" className="mt-1.5 text-sm text-danger">{t('auth.roleNeeded')}</p>}
          </fieldset>
          <ErrorNotice error={saving.error} />
          <Button type="submit" busy={saving.isPending} disabled={values.roles.length === 0}>{t('action.save')}</Button>
        </form>
      </Card>
    </div>
  );
}

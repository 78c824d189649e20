import { useState } from 'react';
import { languages, useI18n, type Language } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { currencies } from '../../lib/money';
import { setTheme, useTheme, type Theme } from '../../lib/preferences';
import type { User } from '../../types';
import { Button } from '../../ui/button';
import { ErrorNotice } from '../../ui/feedback';
import { Select } from '../../ui/field';
import { Card } from '../../ui/page';
import { useSaveUser } from './save';

export function PreferencesForm({ user }: { user: User }) {
  const { t, language, setLanguage, locale } = useI18n();
  const theme = useTheme();
  const saving = useSaveUser(user.id);
  const [timezone, setTimezone] = useState(user.timezone || Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [currency, setCurrency] = useState(user.currency || 'EUR');
  const fields = failureOf(saving.error).fields;
  const zones = [...new Set([timezone, 'UTC', ...Intl.supportedValuesOf('timeZone')])];
  const names = new Intl.DisplayNames(locale, { type: 'currency' });
  return (
    <div className="space-y-5">
      <Card title={t('account.region')}>
        <form className="space-y-5" onSubmit={(event) => { event.preventDefault(); saving.mutate({ timezone, currency }); }}>
          <Select label={t('people.timezone')} name="timezone" value={timezone} onChange={(event) => setTimezone(event.target.value)} hint={t('account.timezoneHint')} error={fields.timezone}>
            {zones.map((zone) => <option key={zone} value={zone}>{zone.replaceAll('_', ' ')}</option>)}
          </Select>
          <Select label={t('browse.currency')} name="currency" value={currency} onChange={(event) => setCurrency(event.target.value)} hint={t('account.currencyHint')} error={fields.currency}>
            {currencies.map((code) => <option key={code} value={code}>{`${code} – ${names.of(code) ?? code}`}</option>)}
          </Select>
          <ErrorNotice error={saving.error} />
          <Button type="submit" busy={saving.isPending}>{t('action.save')}</Button>
        </form>
      </Card>
      <Card title={t('account.device')}>
        <div className="grid gap-5 sm:grid-cols-2">
          <Select label={t('display.theme')} value={theme} onChange={(event) => setTheme(event.target.value as Theme)}>
            {(['system', 'light', 'dark'] as const).map((one) => <option key={one} value={one}>{t(`display.theme.${one}`)}</option>)}
          </Select>
          <Select label={t('display.language')} value={language} onChange={(event) => setLanguage(event.target.value as Language)}>
            {(Object.keys(languages) as Language[]).map((code) => <option key={code} value={code} lang={code}>{languages[code].name}</option>)}
          </Select>
        </div>
      </Card>
    </div>
  );
}

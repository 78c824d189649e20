// Theme and language, also for people who are not signed in.
import { languages, useI18n, type Language } from '../i18n/i18n';
import { setTheme, useTheme, type Theme } from '../lib/preferences';
import { Icon, type IconName } from '../ui/icon';
import { Menu } from './menu';

const themes: { value: Theme; icon: IconName }[] = [{ value: 'system', icon: 'screen' }, { value: 'light', icon: 'sun' }, { value: 'dark', icon: 'moon' }];
const option = 'flex min-h-10 cursor-pointer items-center gap-3 rounded-lg px-3 hover:bg-sunken has-checked:bg-soft has-checked:font-medium has-checked:text-strong has-focus-visible:outline-2 has-focus-visible:outline-primary';

export function DisplayMenu() {
  const { t, language, setLanguage } = useI18n();
  const theme = useTheme();
  return (
    <Menu label={t('display.title')} button={<Icon name="globe" />}>
      <fieldset>
        <legend className="px-3 py-1.5 text-sm font-semibold text-muted">{t('display.theme')}</legend>
        {themes.map(({ value, icon }) => (
          <label key={value} className={option}>
            <input type="radio" name="theme" className="sr-only" checked={theme === value} onChange={() => setTheme(value)} />
            <Icon name={icon} />{t(`display.theme.${value}`)}
          </label>
        ))}
      </fieldset>
      <fieldset className="mt-2 border-t border-line pt-2">
        <legend className="float-left w-full px-3 py-1.5 text-start text-sm font-semibold text-muted">{t('display.language')}</legend>
        {(Object.keys(languages) as Language[]).map((code) => (
          <label key={code} className={`${option} clear-both`} lang={code}>
            <input type="radio" name="language" className="sr-only" checked={language === code} onChange={() => setLanguage(code)} />
            {languages[code].name}
          </label>
        ))}
      </fieldset>
    </Menu>
  );
}

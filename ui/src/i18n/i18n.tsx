// The language of the app: English is built in, others are loaded when chosen.
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { languageKey, readStored, writeStored } from '../lib/preferences';
import { format, type Catalogue, type Key, type Values } from './catalogue';
import { en } from './en';

export type Language = 'en' | 'ar';

/** Each language with its own name, locale for numbers and dates, and direction. */
export const languages: Record<Language, { name: string; locale: string; dir: 'ltr' | 'rtl' }> = {
  en: { name: 'English', locale: 'en', dir: 'ltr' },
  // Western digits, as in forms, exports and most Arabic-language shops.
  ar: { name: 'العربية', locale: 'ar-u-nu-latn', dir: 'rtl' },
};

export type Translate = (key: Key, values?: Values) => string;

interface I18n {
  language: Language;
  /** For Intl: the browser's own region if it speaks the language, so that dates look familiar. */
  locale: string;
  t: Translate;
  setLanguage: (language: Language) => void;
}

const Context = createContext<I18n | null>(null);

export function chosenLanguage(): Language {
  const stored = readStored(languageKey) ?? navigator.language.slice(0, 2);
  return stored === 'ar' ? 'ar' : 'en';
}

/** Loads the catalogue of a language. */
export async function loadCatalogue(language: Language): Promise<Catalogue> {
  return language === 'ar' ? (await import('./ar')).ar : en;
}

function localeFor(language: Language): string {
  if (typeof navigator === 'undefined') return languages[language].locale; // first.tsx, when the app is built
  const own = navigator.languages.find((tag) => tag.toLowerCase().startsWith(`${language}-`));
  return language === 'en' && own ? own : languages[language].locale;
}

interface Props {
  /** The language and catalogue to begin with, loaded before the first render. */
  initial: { language: Language; catalogue: Catalogue };
  children: ReactNode;
}

export function I18nProvider({ initial, children }: Props) {
  const [{ language, catalogue }, setCurrent] = useState(initial);
  const locale = localeFor(language);
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dir = languages[language].dir;
  }, [language]);
  const t = useCallback<Translate>((key, values = {}) => format(catalogue[key], values, locale, languages[language].dir === 'rtl'), [catalogue, locale, language]);
  const setLanguage = useCallback((next: Language) => {
    writeStored(languageKey, next);
    void loadCatalogue(next).then((loaded) => setCurrent({ language: next, catalogue: loaded }));
  }, []);
  const value = useMemo(() => ({ language, locale, t, setLanguage }), [language, locale, t, setLanguage]);
  return <Context value={value}>{children}</Context>;
}

export function useI18n(): I18n {
  const value = use(Context);
  if (!value) throw new Error('useI18n needs an I18nProvider');
  return value;
}

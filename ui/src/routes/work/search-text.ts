// A saved search in words.
import { useI18n } from '../../i18n/i18n';
import { formatMoney } from '../../lib/money';
import type { SavedSearch } from '../../types';
import { categoryName } from '../projects/categories';

type Asked = Pick<SavedSearch, 'words' | 'without' | 'category' | 'currency' | 'min'>;

export function useSearchText(): (search: Asked) => string {
  const { t, locale } = useI18n();
  return ({ words, without, category, currency, min }) => {
    const parts = [
      words, without && t('searches.without', { words: without }), category && categoryName(category, t),
      min > 0 ? t('searches.min', { amount: formatMoney(min, currency, locale, { trim: true }) }) : currency,
    ].filter(Boolean);
    return parts.join(' · ') || t('searches.all');
  };
}

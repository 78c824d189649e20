// Categories are stored as free text; these are offered, and shown translated.
import { en } from '../../i18n/en';
import type { Key } from '../../i18n/catalogue';
import type { Translate } from '../../i18n/i18n';

export const categories = ['design', 'development', 'writing', 'marketing', 'video', 'data', 'business', 'other'] as const;

export function categoryName(category: string, t: Translate): string {
  const key = `category.${category}`;
  return key in en ? t(key as Key) : category;
}

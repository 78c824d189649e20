// Sizes of files as people read them.
import { numberFormat } from './intl';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** 8388608 is "8.4 MB": decimal units, as shops and systems count. */
export function formatSize(bytes: number, locale: string): string {
  const step = Math.min(units.length - 1, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0);
  return numberFormat(locale, { style: 'unit', unit: units[step], unitDisplay: step === 0 ? 'long' : 'short', maximumFractionDigits: step === 0 ? 0 : 1 }).format(bytes / 1000 ** step);
}

// Money is an integer of minor units and an ISO 4217 code, never a float.
import { numberFormat } from './intl';

/** Decimals of every currency the server accepts (services/money.go). Intl's own table differs for some. */
export const currencyDecimals: Readonly<Record<string, number>> = {
  AED: 2, ARS: 2, AUD: 2, BDT: 2, BGN: 2, BHD: 3, BRL: 2, CAD: 2, CHF: 2, CLP: 0,
  CNY: 2, COP: 2, CZK: 2, DKK: 2, EGP: 2, EUR: 2, GBP: 2, GHS: 2, HKD: 2, HUF: 2,
  IDR: 2, ILS: 2, INR: 2, ISK: 0, JOD: 3, JPY: 0, KES: 2, KRW: 0, KWD: 3, KZT: 2,
  LKR: 2, MAD: 2, MXN: 2, MYR: 2, NGN: 2, NOK: 2, NZD: 2, OMR: 3, PEN: 2, PHP: 2,
  PKR: 2, PLN: 2, QAR: 2, RON: 2, RSD: 2, SAR: 2, SEK: 2, SGD: 2, THB: 2, TND: 3,
  TRY: 2, TWD: 2, UAH: 2, UGX: 0, USD: 2, UYU: 2, VND: 0, XOF: 0, ZAR: 2,
};

/** The currencies offered first; the rest follows alphabetically. */
export const currencies: readonly string[] = [
  ...['EUR', 'USD', 'GBP'],
  ...Object.keys(currencyDecimals).filter((code) => !['EUR', 'USD', 'GBP'].includes(code)),
];

/** The largest amount the server takes, in minor units (collections.MaxAmount). */
export const maxAmount = 1_000_000_000_000;

export function decimalsOf(currency: string): number {
  return currencyDecimals[currency] ?? 2;
}

export interface MoneyStyle {
  /** Leave out the decimals when they are zero: for budgets and axes. */
  trim?: boolean;
  /** 12K instead of 12,000: for axes. */
  compact?: boolean;
}

/** Writes minor units for people: formatMoney(123457, 'EUR', 'en') is "€1,234.57". */
export function formatMoney(amount: number, currency: string, locale: string, style: MoneyStyle = {}): string {
  const decimals = decimalsOf(currency);
  const value = amount / 10 ** decimals; // exact enough to print: amounts stay far below 2^53
  const whole = amount % 10 ** decimals === 0;
  const digits = style.compact ? { maximumFractionDigits: 1 } : {
    minimumFractionDigits: style.trim && whole ? 0 : decimals,
    maximumFractionDigits: decimals,
  };
  try {
    return numberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', notation: style.compact ? 'compact' : 'standard', ...digits }).format(value);
  } catch {
    return `${value.toFixed(decimals)} ${currency}`;
  }
}

/**
 * Reads what a person typed as minor units, or null if it is not an amount.
 * Takes "1234.5", "1,234.50", "1.234,50" and Arabic digits, and never goes
 * through a float. More decimals than the currency has are refused.
 */
export function parseMoney(text: string, currency: string): number | null {
  const decimals = decimalsOf(currency);
  const plain = text
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x0660))
    .replace(/٫/g, '.').replace(/٬/g, ',')
    .replace(/[\s\u00a0\u202f']/g, '');
  if (!/^[\d.,]+$/.test(plain) || !/\d/.test(plain)) return null;
  const marks = [...plain.matchAll(/[.,]/g)].map((match) => match.index);
  let point = -1;
  const last = marks.at(-1);
  if (last !== undefined) {
    const kinds = new Set(marks.map((index) => plain[index]));
    const tail = plain.length - last - 1;
    // The last mark is the decimal point, unless marks of one kind group by thousands.
    if (kinds.size === 2 || (marks.length === 1 && !(tail === 3 && decimals < 3 && /^[1-9]\d{0,2}$/.test(plain.slice(0, last))))) point = last;
  }
  const grouped = point === -1 ? plain : plain.slice(0, point);
  if (/[.,]/.test(grouped) && !/^[1-9]\d{0,2}([.,]\d{3})+$/.test(grouped)) return null;
  const whole = grouped.replace(/[.,]/g, '') || '0';
  const fraction = point === -1 ? '' : plain.slice(point + 1);
  if (fraction.length > decimals || !/^\d*$/.test(fraction)) return null;
  const amount = Number(whole + fraction.padEnd(decimals, '0'));
  return Number.isSafeInteger(amount) && amount <= maxAmount ? amount : null;
}

/** Writes minor units for an input field, without grouping: 123457 EUR is "1234.57". */
export function editMoney(amount: number, currency: string): string {
  const decimals = decimalsOf(currency);
  const digits = String(Math.trunc(amount)).padStart(decimals + 1, '0');
  if (decimals === 0) return digits;
  const whole = digits.slice(0, -decimals);
  const fraction = digits.slice(-decimals);
  return /^0+$/.test(fraction) ? whole : `${whole}.${fraction}`;
}

/** What of a fee plan decides a fee (services/fees.go). */
export interface FeeTerms {
  basisPoints: number;
  fixed?: number;
  minimum?: number;
}

/** What the platform keeps of amount, as the server computes it: floor(amount * basisPoints / 10000) plus the fixed fee, at least the minimum. */
export function feeOf(amount: number, { basisPoints, fixed = 0, minimum = 0 }: FeeTerms): number {
  if (amount <= 0) return 0;
  const share = Number((BigInt(amount) * BigInt(basisPoints)) / 10_000n) + fixed;
  return Math.min(amount, Math.max(share, minimum));
}

/** The fee on a part, given what was released before it: the fees of all parts sum to the fee of the whole. */
export function feeOfPart(before: number, part: number, terms: FeeTerms): number {
  return feeOf(before + part, terms) - feeOf(before, terms);
}

/** The plan of the marketplace until a contract says otherwise (services.DefaultFeePlan). */
export const defaultFeePlan = { version: 'standard-1', basisPoints: 1000 } as const;

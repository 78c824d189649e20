import { expect, test } from 'vitest';
import { currencies, currencyDecimals, editMoney, feeOf, feeOfPart, formatMoney, maxAmount, parseMoney } from './money';

test.each([
  ['1234.5', 'EUR', 123450], ['1,234.50', 'EUR', 123450], ['1.234,50', 'EUR', 123450], ['1 234,50', 'EUR', 123450],
  ['1,234', 'EUR', 123400], ['1.234.567', 'EUR', 123456700], ['0.29', 'EUR', 29], ['.5', 'EUR', 50], ['7', 'EUR', 700], ['12,5', 'EUR', 1250],
  ['1234', 'JPY', 1234], ['1,234', 'JPY', 1234], ['1.234', 'KWD', 1234], ['12.5', 'KWD', 12500], ['١٢٣٤٫٥٠', 'EUR', 123450], ['1.15', 'EUR', 115], ['4.35', 'EUR', 435],
  ['10000000000', 'EUR', maxAmount],
])('%s %s is read as %i minor units', (text, currency, amount) => {
  expect(parseMoney(text, currency)).toBe(amount);
});

test.each([
  ['', 'EUR'], ['.', 'EUR'], ['abc', 'EUR'], ['-5', 'EUR'], ['1e3', 'EUR'], ['1,23,4', 'EUR'], ['1.2.3', 'EUR'], ['12,34.5', 'EUR'],
  ['0.001', 'EUR'], ['12.5', 'JPY'], ['1.2345', 'KWD'], ['10000000000.01', 'EUR'],
])('"%s" is not an amount in %s', (text, currency) => {
  expect(parseMoney(text, currency)).toBeNull();
});

test('a field shows what it was given, in every currency', () => {
  for (const currency of currencies) {
    for (const amount of [1, 5, 10, 99, 100, 12345, 1_000_000, maxAmount]) expect(parseMoney(editMoney(amount, currency), currency), `${amount} ${currency}`).toBe(amount);
  }
});

test('the fee is rounded down, and both parts sum to the whole', () => {
  expect(feeOf(123457, { basisPoints: 1000 })).toBe(12345);
  expect(feeOf(9, { basisPoints: 1000 })).toBe(0);
  expect(feeOf(maxAmount, { basisPoints: 9999 })).toBe(999_900_000_000);
  for (const amount of [1, 7, 99, 123457]) {
    const terms = { basisPoints: 1000, fixed: 30, minimum: 50 };
    expect(feeOfPart(0, amount, terms) + feeOfPart(amount, 5000, terms)).toBe(feeOf(amount + 5000, terms));
  }
  expect(feeOf(20, { basisPoints: 1000, minimum: 50 })).toBe(20);
  expect(feeOf(1000, { basisPoints: 1000, fixed: 30 })).toBe(130);
});

test('money is written with the decimals the server counts in', () => {
  expect(formatMoney(123457, 'EUR', 'en')).toBe('€1,234.57');
  expect(formatMoney(123400, 'EUR', 'en', { trim: true })).toBe('€1,234');
  expect(formatMoney(1234, 'JPY', 'en')).toBe('¥1,234');
  expect(formatMoney(1234, 'KWD', 'en').replace(/\s/g, ' ')).toBe('KWD 1.234');
  expect(formatMoney(1_250_000, 'EUR', 'en', { compact: true })).toBe('€12.5K');
  expect(currencies).toHaveLength(Object.keys(currencyDecimals).length);
});

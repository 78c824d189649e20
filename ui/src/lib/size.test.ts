import { expect, test } from 'vitest';
import { formatSize } from './size';

test('sizes are written in the unit that fits', () => {
  expect(formatSize(0, 'en')).toBe('0 bytes');
  expect(formatSize(999, 'en')).toBe('999 bytes');
  expect(formatSize(8_388_608, 'en')).toBe('8.4 MB');
  expect(formatSize(4_000_000_000, 'en')).toBe('4 GB');
});

import { describe, expect, it } from 'vitest';
import { surplus } from './unsent';

const day = 24 * 60 * 60 * 1000;
const mega = 1024 * 1024;

describe('surplus', () => {
  it('is what is older than a week', () => {
    expect(surplus([{ key: 'new', at: 9 * day, bytes: 1 }, { key: 'old', at: day, bytes: 1 }, { key: 'just', at: 3 * day, bytes: 1 }], 10 * day)).toEqual(['old']);
  });

  it('is the oldest of what is more than there is room for', () => {
    const rows = [{ key: 'third', at: 1, bytes: 20 * mega }, { key: 'first', at: 3, bytes: 32 * mega }, { key: 'second', at: 2, bytes: 20 * mega }];
    expect(surplus(rows, 4)).toEqual(['third']);
    expect(surplus([], 4)).toEqual([]);
  });
});

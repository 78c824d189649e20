import { describe, expect, it } from 'vitest';
import { Places } from './places';

const rows = (...starts: [key: number, start: number][]) => starts.map(([key, start]) => ({ key, start }));

describe('Places', () => {
  it('moves the whole part when a row above turns out higher, and no row in it', () => {
    const places = new Places();
    const before = places.lay(rows([7, 600], [8, 660], [9, 720]));
    const after = places.lay(rows([6, 540], [7, 640], [8, 700], [9, 760]));
    expect(after.tops.slice(1)).toEqual(before.tops);
    expect(after.shift - before.shift).toBe(40);
    expect(after.tops.map((top) => top + after.shift)).toEqual([540, 640, 700, 760]);
  });

  it('moves nothing when a row below turns out higher', () => {
    const places = new Places();
    const before = places.lay(rows([1, 0], [2, 60], [3, 120], [4, 180]));
    const after = places.lay(rows([2, 60], [3, 120], [4, 180], [5, 240], [6, 390]));
    expect(after.shift).toBe(before.shift);
    expect(after.tops.slice(0, 3)).toEqual(before.tops.slice(1));
  });

  it('says where rows are of which none was there before', () => {
    const places = new Places();
    places.lay(rows([1, 0], [2, 60]));
    const far = places.lay(rows([900, 54_000], [901, 54_090]));
    expect(far.tops.map((top) => top + far.shift)).toEqual([54_000, 54_090]);
    expect(places.lay([])).toEqual({ shift: 0, tops: [] });
  });
});

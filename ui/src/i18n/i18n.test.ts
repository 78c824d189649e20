import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ar } from './ar';
import { format, placeholders, type Key, type Message } from './catalogue';
import { en } from './en';

const keys = Object.keys(en) as Key[];

test('Arabic has exactly the keys of English, and none is empty', () => {
  expect(Object.keys(ar).sort()).toEqual([...keys].sort());
  for (const key of keys) for (const text of texts(ar[key])) expect(text.trim(), key).not.toBe('');
});

test('both languages fill in the same values', () => {
  for (const key of keys) expect(placeholders(ar[key]), key).toEqual(placeholders(en[key]));
});

test('Arabic plurals have all six forms, English both', () => {
  for (const key of keys) {
    const own: Message = en[key];
    if (typeof own === 'string') {
      expect(typeof ar[key], key).toBe('string');
      continue;
    }
    expect(Object.keys(own).sort(), key).toEqual(['one', 'other']);
    expect(Object.keys(ar[key]).sort(), key).toEqual(['few', 'many', 'one', 'other', 'two', 'zero']);
  }
});

test('Arabic is written in Arabic', () => {
  for (const key of keys) {
    if (key === 'form.amountHint') continue;
    for (const text of texts(ar[key])) expect(/\p{Script=Arabic}/u.test(text), `${key}: ${text}`).toBe(true);
  }
});

test('plurals and numbers follow the locale', () => {
  expect(format(en['count.days'], { count: 1 }, 'en')).toBe('1 day');
  expect(format(en['count.days'], { count: 1200 }, 'en')).toBe('1,200 days');
  expect(format(ar['count.days'], { count: 2 }, 'ar-u-nu-latn')).toBe('يومان');
  expect(format(ar['count.days'], { count: 5 }, 'ar-u-nu-latn')).toBe('5 أيام');
  expect(format('{name}!', { name: 'A' }, 'ar', true)).toBe('\u2068A\u2069!');
  expect(format('{name} and {gone}', { name: 'A' }, 'en')).toBe('A and {gone}');
});

test('every text is used somewhere', () => {
  const source = sources(join(import.meta.dirname, '..')).map((file) => readFileSync(file, 'utf8')).join('\n');
  // Keys put together, such as `status.${of}.${status}`: any text may stand for a value.
  const parts = [...source.matchAll(/`((?:[a-zA-Z.-]|\$\{[^}`]*\})+)`/g)].map((match) => match[1] ?? '').filter((text) => text.includes('${') && text.includes('.'))
    .map((text) => new RegExp(`^${text.replace(/\$\{[^}]*\}/g, '§').replaceAll('.', '\\.').replaceAll('§', '[a-zA-Z_.-]+')}$`));
  const unused = keys.filter((key) => !source.includes(`'${key}'`) && !parts.some((part) => part.test(key)));
  expect(unused).toEqual([]);
});

function texts(message: Message): string[] {
  return typeof message === 'string' ? [message] : Object.values(message);
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.ts$|^(en|ar)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

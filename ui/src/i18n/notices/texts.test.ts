import { expect, test } from 'vitest';
import { english } from '../../notices.generated';
import { placeholders, type Message } from '../catalogue';
import { catalogues, sayNotice, type Notice, type NoticeKind } from './texts';

const kinds = Object.keys(english.kinds) as NoticeKind[];
const own: Record<NoticeKind, Notice> = english.kinds;
const texts = (message: Message | undefined): string[] => (message === undefined ? [] : typeof message === 'string' ? [message] : Object.values(message));
const place = { isolate: false, moment: (at: number) => new Date(at).toISOString().slice(0, 10) };

test('every kind of the server has a text in every language, and fills in the same', () => {
  expect(kinds.length).toBeGreaterThan(40);
  for (const { kinds: translated, deadlines } of Object.values(catalogues)) {
    expect(Object.keys(translated).sort()).toEqual([...kinds].sort());
    expect(Object.keys(deadlines).sort()).toEqual(Object.keys(english.deadlines).sort());
    for (const kind of kinds) {
      for (const part of ['title', 'many', 'body'] as const) {
        expect(translated[kind][part] === undefined, `${kind} ${part}`).toBe(own[kind][part] === undefined);
        expect(placeholders(translated[kind][part] ?? ''), `${kind} ${part}`).toEqual(placeholders(own[kind][part] ?? ''));
      }
    }
  }
});

test('Arabic is written in Arabic, with the forms its numbers need', () => {
  const { kinds: arabic, deadlines } = catalogues.ar;
  for (const kind of kinds) {
    for (const text of [...texts(arabic[kind].title), ...texts(arabic[kind].many)]) expect(/\p{Script=Arabic}/u.test(text), `${kind}: ${text}`).toBe(true);
    const { many, body } = arabic[kind];
    if (body && /[a-z]/i.test(body.replace(/\{\w+\}/g, ''))) expect.fail(`${kind}: ${body}`);
    if (many !== undefined) expect(Object.keys(many).sort(), kind).toEqual(['few', 'many', 'one', 'other', 'two', 'zero']);
  }
  for (const text of Object.values(deadlines)) expect(/\p{Script=Arabic}/u.test(text)).toBe(true);
});

test('money, times and numbers are written as the reader does', () => {
  const released = { kind: 'payment.released', count: 3, title: 'stored', body: 'stored', params: { title: 'Teapots', part: 1250, total: 123457, currency: 'EUR', reason: 'The milestone was approved.' } };
  expect(sayNotice(released, { ...place, language: 'en', locale: 'en' })).toEqual({ title: '€1,234.57 were released for Teapots, in 3 parts', body: 'The milestone was approved.' });
  expect(sayNotice({ ...released, count: 1 }, { ...place, language: 'en', locale: 'en' }).title).toBe('€12.50 were released for Teapots');
  const said = sayNotice({ ...released, count: 2 }, { ...place, language: 'ar', locale: 'ar-u-nu-latn' });
  expect(said.title).toMatch(/^صُرف .*1,234\.57.* لأجل Teapots على دفعتين$/);
  expect(said.body).toBe('اعتُمدت المرحلة.');
  const reminder = { kind: 'deadline.reminder', count: 1, title: '', body: '', params: { title: 'Teapots', kind: 'dormant', dueAt: Date.UTC(2026, 2, 10) } };
  expect(sayNotice(reminder, { ...place, language: 'en', locale: 'en' }).title).toBe('Teapots: the held money goes back to the client on 2026-03-10');
});

test('what this version does not know is shown as the server wrote it', () => {
  const unknown = { kind: 'weather.changed', count: 1, title: 'It rains', body: 'Take a coat.', params: {} };
  expect(sayNotice(unknown, { ...place, language: 'ar', locale: 'ar' })).toEqual({ title: 'It rains', body: 'Take a coat.' });
  expect(sayNotice({ ...unknown, kind: 'payment.held', params: null }, { ...place, language: 'ar', locale: 'ar' }).title).toBe('It rains');
});

import { describe, expect, it } from 'vitest';
import { linksIn } from './links';

describe('linksIn', () => {
  it('splits a text at its addresses and loses nothing', () => {
    for (const text of ['', 'no link', 'https://example.com', 'see https://example.com/a?b=(c), and (http://example.org).', 'http:// is none, nor is javascript:alert(1)']) {
      expect(linksIn(text).map((part) => part.text).join('')).toBe(text);
    }
  });
  it('follows web addresses only, without what ends the sentence', () => {
    const links = (text: string) => linksIn(text).filter((part) => part.link).map((part) => part.text);
    expect(links('see https://example.com/a?b=c, and (http://example.org/).')).toEqual(['https://example.com/a?b=c', 'http://example.org/']);
    expect(links('javascript:alert(1) data:text/html,x ftp://example.com example.com')).toEqual([]);
  });
});

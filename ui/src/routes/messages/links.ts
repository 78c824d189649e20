/** A part of a text, and whether it is a web address. */
export interface Part { text: string; link: boolean }

const address = /https?:\/\/[^\s<>"]+/g;
const closing = /[.,;:!?)\]}']+$/;

/** Splits a text at its web addresses. What ends the sentence is not part of the address. */
export function linksIn(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const found of text.matchAll(address)) {
    const link = found[0].replace(closing, '');
    if (!URL.canParse(link)) continue;
    if (found.index > from) parts.push({ text: text.slice(from, found.index), link: false });
    parts.push({ text: link, link: true });
    from = found.index + link.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), link: false });
  return parts;
}

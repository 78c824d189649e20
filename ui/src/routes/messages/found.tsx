// Messages that matched a search.
import type { ReactNode } from 'react';
import type { FoundMessage } from '../../data/chats';

/** Reads the server's snippet: text with <mark> around what matched, escaped. Nothing of it becomes HTML here. */
export function Snippet({ of }: { of: FoundMessage }): ReactNode {
  const body = new DOMParser().parseFromString(of.snippet, 'text/html').body;
  return [...body.childNodes].map((node, index) => (node.nodeName === 'MARK' ? <mark key={index} className="rounded-sm bg-warn-soft text-warn">{node.textContent}</mark> : node.textContent));
}

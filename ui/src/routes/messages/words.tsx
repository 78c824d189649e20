// The words of a message: the names of those it mentions are set off, addresses
// can be followed, and what the first of them leads to is shown if it is known.
import type { ReactNode } from 'react';
import type { Message } from '../../types';
import { linksIn } from './links';

export function Words({ message, names }: { message: Message; names: ReadonlyMap<string, string> }) {
  return <p className="prose-text" dir="auto">{linksIn(message.body).map((part, index) => (part.link
    ? <a key={index} href={part.text} target="_blank" rel="noopener noreferrer nofollow ugc" className="break-all text-current underline">{part.text}</a>
    : <span key={index}>{withMentions(part.text, message, names)}</span>))}</p>;
}

function withMentions(text: string, message: Message, names: ReadonlyMap<string, string>): ReactNode {
  const said = (message.mentions ?? []).map((user) => names.get(user)).filter((name): name is string => Boolean(name));
  if (said.length === 0) return text;
  const parts = text.split(new RegExp(`(${said.map((name) => `@${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`).join('|')})`));
  return parts.map((part, index) => (index % 2 === 1 ? <strong key={index}>{part}</strong> : part));
}

/** What the page says of itself. The link above it is the one to follow. */
export function Preview({ message }: { message: Message }) {
  const { preview } = message;
  if (!preview) return null;
  return (
    <div className="mt-1.5 border-s-2 border-current ps-2 text-sm">
      <p className="text-xs"><bdi>{preview.site}</bdi></p>
      <p className="line-clamp-2 font-semibold" dir="auto">{preview.title}</p>
      {preview.description && <p className="line-clamp-3" dir="auto">{preview.description}</p>}
    </div>
  );
}

import { useEffect, useRef, useState, type SetStateAction } from 'react';
import { chats, command } from '../../api';
import { useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { draftKey } from '../../lib/forget';
import { holdPage } from '../../lib/leaving';
import { readStored, writeStored } from '../../lib/preferences';
import { keepFiles, keptFiles } from '../../lib/unsent';
import { conversation } from '../../live/conversation';
import { upload } from '../../live/uploads';
import type { Message } from '../../types';
import { IconButton } from '../../ui/button';
import { useSentence, useToast } from '../../ui/feedback';
import { maxFileBytes, maxFiles } from '../../ui/files';
import { Icon } from '../../ui/icon';
import { UploadList } from '../../ui/upload-list';

interface Props {
  chat: string;
  /** The others in the chat, who can be mentioned. */
  others: readonly { id: string; name: string }[];
  /** What is being answered or changed. */
  about: { message: Message; how: 'reply' | 'edit' } | null;
  onAbout: (about: null) => void;
  onSend: (body: string, more: { replyTo?: string; mentions: string[]; files: File[] }) => void;
}

const typingEveryMs = 3000;

/** Where a message is written. What is not sent yet is kept on this device until it is, or until one signs out. */
export function Composer({ chat, others, about, onAbout, onSend }: Props) {
  const { t } = useI18n();
  const say = useToast();
  const sentence = useSentence();
  const me = useMe()?.id ?? '';
  const draft = draftKey(me, chat);
  const [text, setText] = useState(() => readStored(draft) ?? '');
  const told = useRef(0);
  const box = useRef<HTMLTextAreaElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [files, setFiles] = useUnsentFiles(me, chat);
  // Small files go with the message, large ones straight to the storage.
  const attach = (chosen: FileList | null) => {
    const all = [...(chosen ?? [])];
    setFiles((before) => [...before, ...all.filter((file) => file.size <= maxFileBytes)].slice(0, maxFiles));
    for (const file of all.filter((one) => one.size > maxFileBytes)) void upload(file, { target: 'chat', subject: chat }).catch(() => undefined);
  };
  const editing = about?.how === 'edit' ? about.message : null;

  useEffect(() => {
    if (!about) return;
    if (about.how === 'edit') setText(about.message.body);
    box.current?.focus();
  }, [about]);

  const change = (value: string) => {
    setText(value);
    if (editing) return;
    writeStored(draft, value || null);
    const now = Date.now();
    if (value && now - told.current > typingEveryMs) {
      told.current = now;
      command('chats', `chats/${chat}/typing`, {}, crypto.randomUUID()).catch(() => undefined);
    }
  };
  const leave = () => {
    if (editing) setText(readStored(draft) ?? '');
    onAbout(null);
  };
  const send = () => {
    const body = text.trim().slice(0, 10000);
    if (!body && (editing || files.length === 0)) return;
    const mentions = others.filter((one) => one.name && body.includes(`@${one.name}`)).map((one) => one.id);
    if (editing) {
      chats.messages.update(editing.id, { body, mentions }).then((changed) => conversation(chat).hear(changed), (error: unknown) => say(sentence(error)));
      setText(readStored(draft) ?? '');
    } else {
      onSend(body, { replyTo: about?.message.id, mentions, files });
      setText('');
      if (files.length > 0) setFiles([]);
      writeStored(draft, null);
    }
    onAbout(null);
    told.current = 0;
    box.current?.focus();
  };
  const wanted = /(?:^|\s)@([^\s@]*)$/.exec(text)?.[1];
  const offered = wanted === undefined ? [] : others.filter((one) => one.name.toLocaleLowerCase().startsWith(wanted.toLocaleLowerCase())).slice(0, 6);
  const mention = (name: string) => {
    change(`${text.slice(0, text.length - (wanted?.length ?? 0))}${name} `);
    box.current?.focus();
  };
  return (
    <form className="border-t border-line p-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]" onSubmit={(event) => { event.preventDefault(); send(); }}
      onDragOver={(event) => event.preventDefault()} onDrop={(event) => { event.preventDefault(); attach(event.dataTransfer.files); }}
      onPaste={(event) => { if (event.clipboardData.files.length > 0) { event.preventDefault(); attach(event.clipboardData.files); } }}>
      <UploadList subject={chat} />
      <ul className="mb-2 flex flex-wrap gap-2 empty:hidden">
        {files.map((file, index) => (
          <li key={`${file.name}-${index}`} className="flex max-w-full items-center rounded-lg bg-sunken ps-3 text-sm">
            <span className="truncate" dir="auto">{file.name}</span>
            <IconButton icon="close" label={t('files.remove', { name: file.name })} className="size-9" onClick={() => setFiles(files.filter((_, other) => other !== index))} />
          </li>
        ))}
      </ul>
      {about && (
        <div className="mb-2 flex items-center gap-2 rounded-lg bg-sunken py-1 ps-3 text-sm">
          <Icon name={editing ? 'edit' : 'reply'} directed className="size-4 text-muted" />
          <p className="min-w-0 flex-1 truncate"><span className="font-semibold">{editing ? t('messages.editing') : t('messages.replying')}</span> <bdi className="text-muted">{about.message.body}</bdi></p>
          <IconButton icon="close" label={t('action.cancel')} className="size-9" onClick={leave} />
        </div>
      )}
      {offered.length > 0 && (
        <ul aria-label={t('messages.mention')} className="mb-2 flex flex-wrap gap-2">
          {offered.map((one) => <li key={one.id}><button type="button" className="min-h-9 rounded-full border border-line bg-surface px-3 text-sm hover:border-edge" onClick={() => mention(one.name)}><bdi>@{one.name}</bdi></button></li>)}
        </ul>
      )}
      <div className="flex items-end gap-2">
        <input ref={input} type="file" multiple hidden onChange={(event) => { attach(event.target.files); event.target.value = ''; }} />
        {!editing && <IconButton icon="clip" label={t('files.choose')} onClick={() => input.current?.click()} />}
        <label htmlFor={`write-${chat}`} className="sr-only">{t('messages.write')}</label>
        <textarea id={`write-${chat}`} ref={box} dir="auto" rows={1} value={text} placeholder={t('messages.write')} maxLength={10000}
          onChange={(event) => change(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && about) leave();
            // On a touch keyboard Enter makes a new line: there is a button to send.
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing && matchMedia('(pointer: fine)').matches) {
              event.preventDefault();
              send();
            }
          }}
          className="field-sizing-content block max-h-40 min-h-11 flex-1 resize-none rounded-[10px] border border-edge bg-surface px-3 py-2.5 placeholder:text-muted" />
        <button type="submit" disabled={!text.trim() && (Boolean(editing) || files.length === 0)} aria-label={editing ? t('action.save') : t('messages.send')} title={editing ? t('action.save') : t('messages.send')}
          className="inline-flex size-11 shrink-0 items-center justify-center rounded-[10px] bg-primary text-on-primary hover:bg-primary-hover disabled:opacity-55">
          <Icon name={editing ? 'check' : 'send'} directed={!editing} />
        </button>
      </div>
    </form>
  );
}

/**
 * Files chosen for a chat, which are there again after a reload. Until they are
 * kept, or where the browser keeps nothing, it asks before the page is left.
 */
function useUnsentFiles(me: string, chat: string): [File[], (next: SetStateAction<File[]>) => void] {
  const [files, setFiles] = useState<File[]>([]);
  const [read, setRead] = useState<File[]>();
  const kept = useRef(files);
  useEffect(() => {
    let gone = false;
    void keptFiles(me, chat).catch(() => []).then((before) => {
      if (gone) return;
      if (before.length > 0) setFiles((chosen) => (chosen.length > 0 ? [...before, ...chosen].slice(0, maxFiles) : before));
      setRead(before);
    });
    return () => { gone = true; };
  }, [me, chat]);
  useEffect(() => {
    if (files === kept.current || files === read) return;
    const release = files.length > 0 ? holdPage() : () => undefined;
    if (read) {
      kept.current = files;
      keepFiles(me, chat, files).then(release, () => undefined);
    }
    return release;
  }, [me, chat, files, read]);
  return [files, setFiles];
}

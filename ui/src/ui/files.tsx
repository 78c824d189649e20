// Files: links to those that are stored, and a field to choose new ones.
import { useRef, useState } from 'react';
import { openFile } from '../api';
import { useI18n } from '../i18n/i18n';
import { formatSize } from '../lib/size';
import { Button, IconButton } from './button';
import { useSentence, useToast } from './feedback';
import { Icon } from './icon';

/** The fields of records take this many files of this size (docs/files.md). */
export const maxFiles = 4;
export const maxFileBytes = 8 * 1024 * 1024;

/** A stored name without the random end PocketBase gives it. */
export function shownName(stored: string): string {
  return stored.replace(/_[a-z0-9]{10}(\.[^.]*)?$/i, '$1');
}

interface LinkProps {
  domain: 'projects' | 'chats';
  record: { id: string; collectionName: string };
  file: string;
  label?: string;
  className?: string;
}

/** Opens a file that only some may read: the link is made when it is pressed, and lasts a minute. */
export function FileLink({ domain, record, file, label, className = 'text-primary' }: LinkProps) {
  const say = useToast();
  const sentence = useSentence();
  return (
    <button type="button" onClick={() => void openFile(domain, record, file).catch((error: unknown) => say(sentence(error)))} className={`inline-flex min-h-8 max-w-full items-center gap-1.5 font-medium underline ${className}`}>
      <Icon name="download" className="size-4" /><span className="truncate" dir="auto">{label ?? shownName(file)}</span>
    </button>
  );
}

export function FileLinks({ files, ...rest }: Omit<LinkProps, 'file' | 'label'> & { files: readonly string[] | undefined }) {
  if (!files?.length) return null;
  return <ul className="flex flex-col gap-1">{files.map((file) => <li key={file}><FileLink {...rest} file={file} /></li>)}</ul>;
}

interface FieldProps {
  label: string;
  files: readonly File[];
  onChange: (files: File[]) => void;
  /** How many are stored already. */
  stored?: number;
}

/** Chooses files to be sent with a form. */
export function FilesField({ label, files, onChange, stored = 0 }: FieldProps) {
  const { t, locale } = useI18n();
  const input = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState('');
  const add = (chosen: FileList | null) => {
    const all = [...(chosen ?? [])];
    const fit = all.filter((file) => file.size <= maxFileBytes).slice(0, Math.max(0, maxFiles - stored - files.length));
    setRefused(fit.length < all.length ? t('files.limit', { count: maxFiles, size: formatSize(maxFileBytes, locale) }) : '');
    onChange([...files, ...fit]);
  };
  return (
    <div>
      <p className="mb-1.5 text-sm font-medium">{label} <span className="font-normal text-muted">{t('form.optional')}</span></p>
      <input ref={input} type="file" multiple hidden onChange={(event) => { add(event.target.files); event.target.value = ''; }} />
      <ul className="mb-2 space-y-1 empty:hidden">
        {files.map((file, index) => (
          <li key={`${file.name}-${index}`} className="flex items-center gap-2 rounded-lg bg-sunken ps-3">
            <span className="min-w-0 flex-1 truncate" dir="auto">{file.name}</span><span className="text-sm text-muted">{formatSize(file.size, locale)}</span>
            <IconButton icon="close" label={t('files.remove', { name: file.name })} onClick={() => onChange(files.filter((_, other) => other !== index))} />
          </li>
        ))}
      </ul>
      <Button look="plain" small icon="clip" disabled={stored + files.length >= maxFiles} onClick={() => input.current?.click()}>{t('files.choose')}</Button>
      {refused && <p role="alert" className="mt-1.5 text-sm text-danger">{refused}</p>}
    </div>
  );
}

// Taking one's data away, and closing the account.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { session, users } from '../../api';
import { useCommand } from '../../data/command';
import { useI18n } from '../../i18n/i18n';
import type { Key } from '../../i18n/catalogue';
import { en } from '../../i18n/en';
import { failureOf } from '../../lib/errors';
import type { User } from '../../types';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { ErrorNotice, Notice, useToast } from '../../ui/feedback';
import { Card } from '../../ui/page';
import { Again, tooOld } from '../auth/again';

export function Data({ user }: { user: User }) {
  return (
    <div className="space-y-5">
      <Export user={user} />
      <Close user={user} />
    </div>
  );
}

/** Thrown when the archive broke off on its way. */
class Broken extends Error {}

/** An archive has its directory at the end: its signature is in the last bytes, or it is not whole. */
function isWhole(bytes: Uint8Array): boolean {
  const at = bytes.length - 22;
  return at >= 0 && bytes[at] === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2] === 5 && bytes[at + 3] === 6;
}

/** Reads an answer to its end and says how much has arrived. */
async function collect(body: ReadableStream<Uint8Array<ArrayBuffer>>, progress: (bytes: number) => void): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    progress(size);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  if (!isWhole(whole)) throw new Broken();
  return new Blob([whole], { type: 'application/zip' });
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function Export({ user }: { user: User }) {
  const { t } = useI18n();
  const say = useToast();
  const [size, setSize] = useState(0);
  const exporting = useMutation({
    mutationFn: async () => {
      setSize(0);
      // The SDK reads whole answers as JSON; handing it a fetch of our own keeps the token fresh.
      let stream: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
      await users.client.send(`/api/users/${user.id}/export`, {
        method: 'GET',
        fetch: async (url: RequestInfo | URL, config?: RequestInit) => {
          const answer = await fetch(url, config);
          if (!answer.ok) return answer;
          stream = answer.body;
          return new Response('{}', { headers: { 'Content-Type': 'application/json' } });
        },
      });
      if (!stream) throw new Broken();
      save(await collect(stream, setSize), `lancershub-${user.id}.zip`);
    },
    onSuccess: () => say(t('export.done')),
  });
  return (
    <Card title={t('export.title')}>
      <p className="mb-4 text-muted">{t('export.text')}</p>
      <div className="space-y-3">
        {exporting.error instanceof Broken ? <Notice tone="danger" icon="alert" live>{t('export.broken')}</Notice> : !tooOld(exporting.error) && <ErrorNotice error={exporting.error} />}
        <Again run={exporting} />
        <Button look="plain" icon="download" busy={exporting.isPending} onClick={() => exporting.mutate()}>{t('export.start')}</Button>
        <p role="status" className="text-sm text-muted">{exporting.isPending && t('export.running', { size: Math.ceil(size / 1024) })}</p>
      </div>
    </Card>
  );
}

interface Reason {
  code: string;
  count: number;
}

function Close({ user }: { user: User }) {
  const { t } = useI18n();
  const say = useToast();
  const [open, setOpen] = useState(false);
  const closing = useCommand({ onDone: () => { say(t('close.done')); session.clear(); } });
  const failure = failureOf(closing.error);
  const reasons = Array.isArray(failure.data.reasons) ? (failure.data.reasons as Reason[]) : [];
  return (
    <Card title={t('close.title')}>
      <p className="mb-4 text-muted">{t('close.text')}</p>
      <Button look="danger" onClick={() => { closing.reset(); setOpen(true); }}>{t('close.button')}</Button>
      <Dialog open={open && !tooOld(closing.error)} title={t('close.title')} onClose={() => { if (!tooOld(closing.error)) setOpen(false); }}>
        <div className="space-y-4">
          <p className="text-muted">{t('close.text')}</p>
          {reasons.length > 0 ? (
            <Notice tone="warn" icon="alert" title={t('close.blocked')} live>
              <ul className="mt-1 list-disc ps-5">
                {reasons.map((one) => <li key={one.code}>{`close.reason.${one.code}` in en ? t(`close.reason.${one.code}` as Key, { count: one.count }) : one.code}</li>)}
              </ul>
            </Notice>
          ) : <ErrorNotice error={closing.error} />}
          <div className="flex flex-wrap justify-end gap-2">
            <Button look="quiet" onClick={() => setOpen(false)}>{t('action.cancel')}</Button>
            <Button look="danger" busy={closing.isPending} onClick={() => closing.mutate({ domain: 'users', path: `users/${user.id}/close` })}>{t('close.button')}</Button>
          </div>
        </div>
      </Dialog>
      <Again run={closing} />
    </Card>
  );
}

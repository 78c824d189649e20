// What can be done with one message: react, answer, edit, delete, report.
import { useState } from 'react';
import { useMutation } from '@tanstack/react-query';
import { command } from '../../api';
import { useI18n } from '../../i18n/i18n';
import { conversation } from '../../live/conversation';
import type { Message } from '../../types';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { ErrorNotice, useToast } from '../../ui/feedback';
import { Select, Textarea } from '../../ui/field';
import type { IconName } from '../../ui/icon';
import { Icon } from '../../ui/icon';

export const emojis = ['👍', '❤️', '😄', '🎉', '👀', '✅'] as const;
const reasons = ['spam', 'scam', 'harassment', 'off_platform', 'other'] as const;

/** Carries out a command on a message and shows its answer at once. */
export function act(message: Message, verb: string, body: object = {}): Promise<Message> {
  return command<Message>('chats', `messages/${message.id}/${verb}`, body, crypto.randomUUID()).then((answer) => {
    if (answer.seq) conversation(message.chat).hear(answer);
    return answer;
  });
}

export function react(message: Message, emoji: string, me: string): Promise<Message> {
  return act(message, message.reactions?.[emoji]?.includes(me) ? 'unreact' : 'react', { emoji });
}

interface Props {
  message: Message | null;
  me: string;
  onClose: () => void;
  onReply: (message: Message) => void;
  onEdit: (message: Message) => void;
}

export function MessageActions({ message, me, onClose, onReply, onEdit }: Props) {
  const { t } = useI18n();
  const say = useToast();
  const [step, setStep] = useState<'choose' | 'delete' | 'report'>('choose');
  const [reason, setReason] = useState<(typeof reasons)[number]>('spam');
  const [note, setNote] = useState('');
  const close = () => { setStep('choose'); setNote(''); run.reset(); onClose(); };
  const run = useMutation({ mutationFn: (doing: () => Promise<unknown>) => doing(), onSuccess: () => close() });
  const mine = message?.sender === me;
  const rows: { icon: IconName; label: string; press: () => void }[] = message ? [
    { icon: 'reply', label: t('messages.reply'), press: () => { onReply(message); close(); } },
    ...(mine ? [
      { icon: 'edit' as const, label: t('action.edit'), press: () => { onEdit(message); close(); } },
      { icon: 'trash' as const, label: t('messages.delete'), press: () => setStep('delete') },
    ] : [{ icon: 'flag' as const, label: t('messages.report'), press: () => setStep('report') }]),
  ] : [];
  const title = step === 'delete' ? t('messages.delete') : step === 'report' ? t('messages.report') : t('messages.actions');
  return (
    <Dialog open={message !== null} title={title} onClose={close}>
      {message && step === 'choose' && (
        <>
          <p className="mb-4 line-clamp-3 text-muted" dir="auto">{message.body}</p>
          <div role="group" aria-label={t('messages.react')} className="mb-3 flex flex-wrap gap-2">
            {emojis.map((emoji) => (
              <button key={emoji} type="button" aria-pressed={message.reactions?.[emoji]?.includes(me) ?? false} aria-label={t('messages.reactWith', { emoji })} disabled={run.isPending} onClick={() => run.mutate(() => react(message, emoji, me))}
                className="inline-flex size-11 items-center justify-center rounded-full border border-line text-xl hover:bg-sunken aria-pressed:border-primary aria-pressed:bg-soft"><span aria-hidden="true">{emoji}</span></button>
            ))}
          </div>
          <ul>{rows.map((row) => <li key={row.label}><button type="button" onClick={row.press} className="flex min-h-11 w-full items-center gap-3 rounded-lg px-2 text-start hover:bg-sunken"><Icon name={row.icon} className="size-5 text-muted" directed={row.icon === 'reply'} />{row.label}</button></li>)}</ul>
          <ErrorNotice error={run.error} />
        </>
      )}
      {message && step !== 'choose' && (
        <form className="space-y-4" onSubmit={(event) => {
          event.preventDefault();
          run.mutate(async () => {
            if (step === 'delete') return act(message, 'delete');
            await act(message, 'report', { reason, ...(note.trim() ? { note: note.trim() } : {}) });
            say(t('messages.reported'));
          });
        }}>
          <p className="text-muted">{step === 'delete' ? t('messages.deleteText') : t('messages.reportText')}</p>
          {step === 'report' && (
            <>
              <Select label={t('messages.reason')} value={reason} onChange={(event) => setReason(event.target.value as typeof reason)}>{reasons.map((one) => <option key={one} value={one}>{t(`report.${one}`)}</option>)}</Select>
              <Textarea label={t('messages.reportNote')} optional rows={3} maxLength={1000} value={note} onChange={(event) => setNote(event.target.value)} />
            </>
          )}
          <ErrorNotice error={run.error} />
          <div className="flex justify-end gap-2">
            <Button look="quiet" onClick={close}>{t('action.cancel')}</Button>
            <Button type="submit" look="danger" busy={run.isPending}>{title}</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

// The code that was sent by e-mail: a second factor, or instead of a password.
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { enterWithCode, requestCode, type Door, type Entry } from '../../data/account';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { Button } from '../../ui/button';
import { ErrorNotice, Notice } from '../../ui/feedback';
import { Input } from '../../ui/field';

interface Props {
  email: string;
  /** Set when the code is the second factor. */
  mfaId: string;
  door?: Door;
  onEntry: (entry: Entry) => void;
  onError?: (error: unknown) => void;
  onBack: () => void;
}

export function CodeForm({ email: known, mfaId, door, onEntry, onError, onBack }: Props) {
  const { t } = useI18n();
  const [email, setEmail] = useState(known);
  const [code, setCode] = useState('');
  const asking = useMutation({ mutationFn: requestCode });
  const entering = useMutation({ mutationFn: () => enterWithCode(asking.data ?? '', code.trim(), mfaId, door), onSuccess: onEntry, onError });
  const asked = useRef(false);
  useEffect(() => {
    if (!known || asked.current) return;
    asked.current = true; // in development effects run twice, and one code is enough
    asking.mutate(known);
  });
  const wrong = entering.isError && failureOf(entering.error).status === 400;
  if (!asking.data && !asking.isPending) {
    return (
      <form className="space-y-5" onSubmit={(event) => { event.preventDefault(); asking.mutate(email.trim()); }}>
        <p className="text-muted">{t(mfaId ? 'code.second' : 'code.instead')}</p>
        <Input label={t('auth.email')} type="email" name="email" autoComplete="username" required value={email} onChange={(event) => setEmail(event.target.value)} />
        <ErrorNotice error={asking.error} />
        <Button type="submit" className="w-full">{t('code.send')}</Button>
        <Button look="quiet" className="w-full" onClick={onBack}>{t('code.back')}</Button>
      </form>
    );
  }
  return (
    <form className="space-y-5" onSubmit={(event) => { event.preventDefault(); entering.mutate(); }}>
      <p className="text-muted" aria-live="polite">{t('code.sent', { email: email || known })}</p>
      <Input label={t('code.label')} name="code" inputMode="numeric" autoComplete="one-time-code" pattern="[0-9]{8}" maxLength={8} required dir="ltr" value={code} onChange={(event) => setCode(event.target.value.replace(/\D/g, ''))} />
      {wrong ? <Notice tone="danger" icon="alert" live>{t('code.wrong')}</Notice> : <ErrorNotice error={entering.error ?? asking.error} />}
      <Button type="submit" busy={entering.isPending} disabled={asking.isPending} className="w-full">{t('auth.signIn')}</Button>
      <div className="flex flex-wrap justify-between gap-2">
        <Button look="quiet" small onClick={onBack}>{t('code.back')}</Button>
        <Button look="quiet" small busy={asking.isPending} onClick={() => { entering.reset(); asking.mutate(email || known); }}>{t('code.again')}</Button>
      </div>
    </form>
  );
}

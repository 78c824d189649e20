// What tells people how things stand: errors, notices, skeletons, empty lists, toasts.
import { createContext, use, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { useI18n } from '../i18n/i18n';
import { failureOf, sentenceKey } from '../lib/errors';
import { Button } from './button';
import { Icon, type IconName } from './icon';

export type Tone = 'info' | 'good' | 'warn' | 'danger' | 'plain';

export const tones: Record<Tone, string> = {
  info: 'bg-info-soft text-info', good: 'bg-soft text-strong', warn: 'bg-warn-soft text-warn', danger: 'bg-danger-soft text-danger', plain: 'bg-sunken text-ink',
};

interface NoticeProps {
  tone?: Tone;
  icon?: IconName;
  title?: string;
  children?: ReactNode;
  /** Read out when it appears. */
  live?: boolean;
}

export function Notice({ tone = 'info', icon = 'info', title, children, live }: NoticeProps) {
  return (
    <div role={live ? 'alert' : undefined} className={`flex gap-3 rounded-xl p-4 ${tones[tone]}`}>
      <Icon name={icon} className="mt-0.5 size-5" />
      <div className="min-w-0">
        {title && <p className="font-semibold">{title}</p>}
        {children}
      </div>
    </div>
  );
}

/** The sentence for a failed request: ours if we know the code, else the server's. */
export function useSentence(): (error: unknown) => string {
  const { t, language } = useI18n();
  return useCallback((error) => {
    const failure = failureOf(error);
    const key = sentenceKey(failure);
    if (key) return t(key);
    return (language === 'en' && failure.message) || t('error.internal_error');
  }, [t, language]);
}

interface ErrorNoticeProps {
  error: unknown;
  onRetry?: () => void;
}

/** What went wrong, what to do, and the code to quote when asking for help. */
export function ErrorNotice({ error, onRetry }: ErrorNoticeProps) {
  const { t } = useI18n();
  const sentence = useSentence();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error) box.current?.scrollIntoView({ block: 'nearest' });
  }, [error]);
  if (!error) return null;
  const failure = failureOf(error);
  return (
    <div ref={box} className="scroll-my-20"><Notice tone="danger" icon="alert" live>
      <p>{sentence(error)}</p>
      <p className="mt-1 text-sm">{t('error.codeLine', { code: failure.code })}</p>
      {onRetry && <Button look="plain" small icon="retry" className="mt-3" onClick={onRetry}>{t('action.retry')}</Button>}
    </Notice></div>
  );
}

/** A grey stand-in for what is loading, of about its size. */
export function Skeleton({ className = 'h-4 w-full' }: { className?: string }) {
  return <span aria-hidden="true" className={`shimmer block rounded-md ${className}`} />;
}

/** Skeletons of list rows, announced once. */
export function SkeletonRows({ count = 4, className = 'h-28' }: { count?: number; className?: string }) {
  const { t } = useI18n();
  return (
    <div role="status" className="space-y-3">
      <span className="sr-only">{t('state.loading')}</span>
      {Array.from({ length: count }, (_, index) => <Skeleton key={index} className={`w-full rounded-xl ${className}`} />)}
    </div>
  );
}

interface EmptyProps {
  icon: IconName;
  title: string;
  text?: string;
  children?: ReactNode;
}

export function Empty({ icon, title, text, children }: EmptyProps) {
  return (
    <div className="flex flex-col items-center rounded-2xl border border-dashed border-line px-6 py-12 text-center">
      <span className="mb-3 flex size-12 items-center justify-center rounded-full bg-sunken text-muted"><Icon name={icon} className="size-6" /></span>
      <p className="text-lg font-semibold">{title}</p>
      {text && <p className="mt-1 max-w-md text-muted">{text}</p>}
      {children && <div className="mt-5 flex flex-wrap justify-center gap-3">{children}</div>}
    </div>
  );
}

type Say = (text: string, icon?: IconName) => void;
const ToastContext = createContext<Say>(() => undefined);

/** Shows a short confirmation at the edge of the screen, and reads it out. */
export function useToast(): Say {
  return use(ToastContext);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<{ id: number; text: string; icon: IconName }[]>([]);
  const next = useRef(0);
  const say = useCallback<Say>((text, icon = 'check') => {
    const id = next.current++;
    setToasts((all) => [...all.slice(-2), { id, text, icon }]);
    setTimeout(() => setToasts((all) => all.filter((one) => one.id !== id)), icon === 'alert' ? 20_000 : 5000);
  }, []);
  return (
    <ToastContext value={say}>
      {children}
      <div role="status" className="pointer-events-none fixed inset-x-0 bottom-20 z-50 flex flex-col items-center gap-2 px-4 md:bottom-6">
        {toasts.map((one) => (
          <p key={one.id} className="rise pointer-events-auto flex items-center gap-2 rounded-xl bg-ink px-4 py-3 text-sm font-medium text-canvas shadow-card">
            <Icon name={one.icon} className="size-4" />{one.text}
          </p>
        ))}
      </div>
    </ToastContext>
  );
}

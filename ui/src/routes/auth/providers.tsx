// Buttons for the OAuth2 providers that the operator has configured; none without any.
import { useMutation } from '@tanstack/react-query';
import { enterWithProvider, useAuthMethods, WindowClosed, type Door, type Entry } from '../../data/account';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import type { Role } from '../../types';
import { Button } from '../../ui/button';
import { ErrorNotice, Notice } from '../../ui/feedback';

interface Props {
  roles: readonly Role[];
  /** Says why a provider cannot be chosen yet, or "". */
  blocked?: string;
  door?: Door;
  onEntry: (entry: Entry) => void;
  onError?: (error: unknown) => void;
}

export function Providers({ roles, blocked = '', door, onEntry, onError }: Props) {
  const { t, language } = useI18n();
  const methods = useAuthMethods();
  const entering = useMutation({ mutationFn: (name: string) => enterWithProvider(name, roles, language, door), onSuccess: onEntry, onError });
  const providers = methods.data?.oauth2.providers ?? [];
  if (providers.length === 0) return null;
  const noAccount = entering.isError && 'roles' in failureOf(entering.error).fields;
  return (
    <div className="space-y-3">
      <p className="flex items-center gap-3 text-sm text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">{t('provider.or')}</p>
      {providers.map((one) => (
        <Button key={one.name} look="plain" className="w-full" disabled={entering.isPending || blocked !== ''} busy={entering.isPending && entering.variables === one.name} onClick={() => entering.mutate(one.name)}>
          {t('provider.with', { name: one.displayName || one.name })}
        </Button>
      ))}
      {blocked && <p className="text-sm text-muted">{blocked}</p>}
      {entering.error instanceof WindowClosed ? <Notice tone="warn" icon="info" live>{t('provider.closed')}</Notice>
        : noAccount ? <Notice tone="warn" icon="alert" live>{t('provider.noAccount')}</Notice> : <ErrorNotice error={entering.error} />}
    </div>
  );
}

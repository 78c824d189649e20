// How one hears of each kind of thing, and when not.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { chats } from '../../api';
import { useNotificationSettings } from '../../data/chats';
import { keys } from '../../data/keys';
import { useI18n } from '../../i18n/i18n';
import { en } from '../../i18n/en';
import type { Key } from '../../i18n/catalogue';
import type { Channel, NotificationSettings as Settings } from '../../types';
import { Button } from '../../ui/button';
import { ErrorNotice, SkeletonRows, useToast } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { Card } from '../../ui/page';

const channels: readonly Channel[] = ['off', 'app', 'digest', 'email'];

function useSaveSettings() {
  const { t } = useI18n();
  const say = useToast();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: object) => chats.client.send<Settings>('/api/notifications/settings', { method: 'POST', body, headers: { 'Idempotency-Key': crypto.randomUUID() } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [...keys.notifications, 'settings'] });
      say(t('state.saved'));
    },
  });
}

export function NotificationSettings() {
  const query = useNotificationSettings();
  if (!query.data) return <><ErrorNotice error={query.error} onRetry={() => void query.refetch()} />{query.isPending && <SkeletonRows count={2} className="h-60" />}</>;
  return <div className="space-y-5"><Channels settings={query.data} /><Quiet settings={query.data} /></div>;
}

function Channels({ settings }: { settings: Settings }) {
  const { t } = useI18n();
  const saving = useSaveSettings();
  const categories = [...new Set(settings.kinds.map((one) => one.category))];
  return (
    <Card title={t('notify.title')}>
      <p className="mb-4 text-sm text-muted">{t('notify.text')}</p>
      <ErrorNotice error={saving.error} />
      <ul className="divide-y divide-line">
        {categories.map((category) => {
          const kinds = settings.kinds.filter((one) => one.category === category);
          const required = kinds.every((one) => one.required);
          const key = `notify.category.${category}`;
          const name = key in en ? t(key as Key) : category;
          const chosen = settings.channels?.[category] ?? '';
          return (
            <li key={category} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3">
              <label htmlFor={`channel-${category}`} className="font-medium">{name}</label>
              {required ? <span id={`channel-${category}`} className="text-sm text-muted">{t('notify.required')}</span> : (
                <select id={`channel-${category}`} value={chosen} disabled={saving.isPending} onChange={(event) => saving.mutate({ channels: { [category]: event.target.value } })}
                  className="min-h-11 w-full rounded-[10px] border border-edge bg-surface px-3 sm:w-56">
                  {!chosen && <option value="">{t('notify.usual')}</option>}
                  {channels.map((one) => <option key={one} value={one}>{t(`notify.channel.${one}`)}</option>)}
                </select>
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Quiet({ settings }: { settings: Settings }) {
  const { t } = useI18n();
  const saving = useSaveSettings();
  const [from, setFrom] = useState(settings.quietFrom);
  const [to, setTo] = useState(settings.quietTo);
  const [digest, setDigest] = useState(settings.digestAt || '08:00');
  return (
    <Card title={t('notify.quiet')}>
      <form className="space-y-4" onSubmit={(event) => { event.preventDefault(); saving.mutate({ quietFrom: from, quietTo: to, digestAt: digest }); }}>
        <p className="text-sm text-muted">{t('notify.quietText', { zone: settings.timezone })}</p>
        <div className="grid grid-cols-2 gap-3">
          <Input label={t('notify.quietFrom')} type="time" value={from} onChange={(event) => setFrom(event.target.value)} />
          <Input label={t('notify.quietTo')} type="time" value={to} onChange={(event) => setTo(event.target.value)} />
        </div>
        <Input label={t('notify.digestAt')} type="time" required value={digest} onChange={(event) => setDigest(event.target.value)} />
        <ErrorNotice error={saving.error} />
        <Button type="submit" busy={saving.isPending}>{t('action.save')}</Button>
      </form>
    </Card>
  );
}

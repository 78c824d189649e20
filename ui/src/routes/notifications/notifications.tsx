import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { chats } from '../../api';
import { useNotifications } from '../../data/chats';
import { keys } from '../../data/keys';
import { languages, useI18n } from '../../i18n/i18n';
import { sayNotice } from '../../i18n/notices/texts';
import type { Notification } from '../../types';
import { Button, LinkButton } from '../../ui/button';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Icon, type IconName } from '../../ui/icon';
import { Page } from '../../ui/page';
import { Ago, useDates } from '../../ui/show';

function iconOf(kind: string): IconName {
  if (kind.startsWith('payment.')) return 'money';
  if (kind.startsWith('proposal.')) return 'doc';
  if (kind.startsWith('milestone.')) return 'check';
  if (kind.startsWith('search.')) return 'search';
  return 'briefcase';
}

export default function Notifications() {
  const { t, language, locale } = useI18n();
  const dates = useDates();
  const queries = useQueryClient();
  const query = useNotifications();
  const place = { language, locale, isolate: languages[language].dir === 'rtl', moment: dates.moment };
  const list = query.data?.pages.flatMap((page) => page.items.map((one) => ({ ...one, ...sayNotice(one, place) }))) ?? [];
  const unread = list.filter((one) => !one.readAt);
  const reading = useMutation({
    // One, or all there are.
    mutationFn: async (one: Notification | 'all') => {
      if (one === 'all') await chats.client.send('/api/notifications/read', { method: 'POST', body: {}, headers: { 'Idempotency-Key': crypto.randomUUID() } });
      else await chats.notifications.update(one.id, { readAt: new Date().toISOString().replace('T', ' ') });
    },
    onSettled: () => Promise.all([keys.notifications, keys.unread].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
  return (
    <Page title={t('nav.notifications')} width="narrow"
      actions={<><LinkButton to="/account/notifications" look="quiet" icon="filter">{t('account.preferences')}</LinkButton>{unread.length > 0 && <Button look="plain" icon="check" busy={reading.isPending} onClick={() => reading.mutate('all')}>{t('notifications.readAll')}</Button>}</>}>
      <ErrorNotice error={query.error ?? reading.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows count={5} className="h-20" />}
      {query.data && list.length === 0 && <Empty icon="bell" title={t('notifications.none')} text={t('notifications.noneText')} />}
      <ul className="card divide-y divide-line overflow-hidden empty:hidden">
        {list.map((one) => (
          <li key={one.id}>
            <Link to={one.link || '/notifications'} onClick={() => { if (!one.readAt) reading.mutate(one); }} className={`flex gap-4 px-4 py-4 -outline-offset-2 hover:bg-sunken sm:px-5 ${one.readAt ? '' : 'bg-soft'}`}>
              <span className={`mt-0.5 flex size-9 shrink-0 items-center justify-center rounded-full ${one.readAt ? 'bg-sunken text-muted' : 'bg-primary text-on-primary'}`}><Icon name={iconOf(one.kind)} /></span>
              <span className="min-w-0 flex-1">
                <span className={`block ${one.readAt ? '' : 'font-semibold'}`} dir="auto">{!one.readAt && <span className="sr-only">{t('notifications.unread')} </span>}{one.title}</span>
                {one.body && <span className="block text-sm text-muted" dir="auto">{one.body}</span>}
                <Ago at={one.created} className="text-sm text-muted" />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {query.hasNextPage && <div className="mt-5 text-center"><Button look="plain" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('action.more')}</Button></div>}
    </Page>
  );
}

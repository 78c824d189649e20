// Keeps the live connection while someone is signed in, and says when it is lost.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useUnreadOf } from '../data/chats';
import { tellLanguage } from '../data/account';
import { useMe } from '../data/me';
import { useI18n } from '../i18n/i18n';
import { setUnreadInTitle } from '../lib/title';
import { connect, useLiveState } from '../live/connection';
import { Icon } from '../ui/icon';

function useOnline(): boolean {
  return useSyncExternalStore((listener) => {
    addEventListener('online', listener);
    addEventListener('offline', listener);
    return () => {
      removeEventListener('online', listener);
      removeEventListener('offline', listener);
    };
  }, () => navigator.onLine, () => true);
}

/** What is unread in all: messages in chats that are not muted, and notifications. */
export function useUnread(): { messages: number; notifications: number } {
  const { data } = useUnreadOf(useMe()?.id ?? '');
  return { messages: data?.total ?? 0, notifications: data?.notifications ?? 0 };
}

export function LivePart() {
  const queries = useQueryClient();
  const me = useMe()?.id;
  const { t, language } = useI18n();
  const online = useOnline();
  const live = useLiveState();
  const unread = useUnread();
  const [lostForLong, setLostForLong] = useState(false);

  useEffect(() => {
    if (!me) return;
    const stop = connect(queries);
    return () => {
      stop();
      queries.clear(); // what one person saw is not the next one's
    };
  }, [me, queries]);

  useEffect(() => {
    if (me) void tellLanguage(me, language);
  }, [me, language]);

  useEffect(() => setUnreadInTitle(me ? unread.messages + unread.notifications : 0), [me, unread.messages, unread.notifications]);

  useEffect(() => {
    setLostForLong(false);
    if (live !== 'lost') return;
    const timer = setTimeout(() => setLostForLong(true), 1500); // a blink is not worth a word
    return () => clearTimeout(timer);
  }, [live]);

  const text = !online ? t('live.offline') : lostForLong ? t('live.reconnecting') : '';
  return (
    <div role="status" className="sticky top-14 z-20">
      {text && (
        <p className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-2 text-sm font-medium text-warn">
          <Icon name="offline" className="size-4" />{text}
        </p>
      )}
    </div>
  );
}

// One's own account: profile, preferences, security.
import { useParams } from 'react-router';
import { useMe } from '../../data/me';
import { usePerson } from '../../data/people';
import { useI18n } from '../../i18n/i18n';
import { ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Page, TabLinks } from '../../ui/page';
import { Data } from './data';
import { NotificationSettings } from './notification-settings';
import { PreferencesForm } from './preferences-form';
import { ProfileForm } from './profile-form';
import { Security } from './security';

export default function Account() {
  const { tab } = useParams();
  const { t } = useI18n();
  const me = useMe();
  const query = usePerson(me?.id ?? '');
  return (
    <Page title={t('nav.account')} intro={me?.email} width="narrow">
      <TabLinks label={t('nav.account')} tabs={[
        { to: '/account', label: t('account.profile'), end: true },
        { to: '/account/preferences', label: t('account.preferences') },
        { to: '/account/notifications', label: t('notify.title') },
        { to: '/account/security', label: t('account.security') },
        { to: '/account/data', label: t('account.data') },
      ]} />
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows count={2} className="h-60" />}
      {query.data && (tab === 'data' ? <Data user={query.data} /> : tab === 'security' ? <Security user={query.data} /> : tab === 'notifications' ? <NotificationSettings /> : tab === 'preferences' ? <PreferencesForm user={query.data} /> : <ProfileForm user={query.data} />)}
    </Page>
  );
}

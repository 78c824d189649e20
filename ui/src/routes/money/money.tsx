// The frame of the pages about one's money.
import type { ReactNode } from 'react';
import { hasRole, useMe } from '../../data/me';
import { useI18n } from '../../i18n/i18n';
import { Page, TabLinks } from '../../ui/page';

export function MoneyPage({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
  const { t } = useI18n();
  const me = useMe();
  const tabs = [
    ...(hasRole(me, 'freelancer') ? [{ to: '/payouts', label: t('money.payouts') }] : []),
    { to: '/statement', label: t('money.statement') },
    { to: '/payments', label: t('money.payments'), end: true },
    { to: '/invoices', label: t('invoices.tab') },
  ];
  return (
    <Page title={t('money.title')} actions={actions}>
      <TabLinks label={t('money.title')} tabs={tabs} />
      {children}
    </Page>
  );
}

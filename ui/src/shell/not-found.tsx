import { useI18n } from '../i18n/i18n';
import { LinkButton } from '../ui/button';
import { Empty } from '../ui/feedback';
import { Page } from '../ui/page';

export default function NotFound() {
  const { t } = useI18n();
  return (
    <Page title={t('notFound.title')} width="narrow">
      <Empty icon="search" title={t('notFound.head')} text={t('notFound.text')}>
        <LinkButton to="/projects">{t('nav.find')}</LinkButton>
      </Empty>
    </Page>
  );
}

// Catches what a screen throws, so that one broken part does not blank the page.
import { Component, type ReactNode } from 'react';
import { useI18n } from '../i18n/i18n';
import { Button } from '../ui/button';
import { Empty } from '../ui/feedback';

function Broken({ stale }: { stale: boolean }) {
  const { t } = useI18n();
  return (
    <div role="alert" className="mx-auto max-w-2xl px-4 py-12">
      <h1 className="sr-only">{stale ? t('broken.staleTitle') : t('broken.title')}</h1>
      <Empty icon="alert" title={stale ? t('broken.staleTitle') : t('broken.title')} text={stale ? t('broken.staleText') : t('broken.text')}>
        <Button icon="retry" onClick={() => location.reload()}>{t('broken.reload')}</Button>
      </Empty>
    </div>
  );
}

interface Props {
  children: ReactNode;
}

export class ErrorBoundary extends Component<Props, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    // A part of the app that is gone from the server: a newer version was installed.
    return <Broken stale={error instanceof TypeError && /import|module/i.test(error.message)} />;
  }
}

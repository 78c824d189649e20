import { useI18n } from '../i18n/i18n';
import { Skeleton, SkeletonRows } from '../ui/feedback';

/** What a page looks like before its script has arrived. */
export function PageSkeleton() {
  const { t } = useI18n();
  return (
    <div className="mx-auto w-full max-w-5xl px-4 py-6 sm:px-6 sm:py-8">
      <h1 className="sr-only">{t('state.loading')}</h1>
      <Skeleton className="mb-3 h-9 w-72 max-w-full" />
      <Skeleton className="mb-8 h-5 w-96 max-w-full" />
      <SkeletonRows />
    </div>
  );
}

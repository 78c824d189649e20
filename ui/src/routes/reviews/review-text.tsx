// A published review, and the answer to it.
import { useI18n } from '../../i18n/i18n';
import type { Key } from '../../i18n/catalogue';
import { en } from '../../i18n/en';
import type { Review } from '../../types';
import { useDates } from '../../ui/show';
import { Stars } from '../../ui/stars';

export function ReviewText({ review }: { review: Review }) {
  const { t } = useI18n();
  const dates = useDates();
  const categories = Object.entries(review.categories ?? {}).filter(([name]) => `review.category.${name}` in en);
  return (
    <div>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1"><Stars of={review.rating} /><span className="text-sm text-muted">{dates.day(review.publishedAt)}</span></p>
      {review.body && <p className="prose-text mt-2" dir="auto">{review.body}</p>}
      {categories.length > 0 && (
        <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
          {categories.map(([name, stars]) => <li key={name} className="inline-flex items-center gap-1.5">{t(`review.category.${name}` as Key)} <Stars of={stars} className="size-3.5" /></li>)}
        </ul>
      )}
      {review.reply && (
        <div className="mt-3 border-s-2 border-line ps-4">
          <p className="text-sm font-medium">{t('review.answer')}</p>
          <p className="prose-text mt-1" dir="auto">{review.reply}</p>
        </div>
      )}
    </div>
  );
}

// Reviewing each other when a contract is over; sits on the contract's page.
import { useState } from 'react';
import { useMe } from '../../data/me';
import { useContractReviews, useOwnWords, useReviewDeadline, useWriteReview } from '../../data/reviews';
import { useI18n } from '../../i18n/i18n';
import type { Contract, Review } from '../../types';
import { Button } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { ErrorNotice, Notice, SkeletonRows, useToast } from '../../ui/feedback';
import { Textarea } from '../../ui/field';
import { Card } from '../../ui/page';
import { useDates, useName } from '../../ui/show';
import { Stars, StarsInput } from '../../ui/stars';
import { ReviewText } from './review-text';

const aboutFreelancer = ['quality', 'communication', 'timeliness'] as const;
const aboutClient = ['clarity', 'communication', 'payment'] as const;

/** Shows nothing while a contract runs, or when it was over before there were reviews. */
export function ReviewCard({ contract }: { contract: Contract }) {
  const over = contract.status === 'completed' || contract.status === 'ended';
  return over ? <Reviews contract={contract} /> : null;
}

function Reviews({ contract }: { contract: Contract }) {
  const { t } = useI18n();
  const me = useMe();
  const name = useName();
  const query = useContractReviews(contract.id);
  const mine = query.data?.find((one) => one.author === me?.id);
  const theirs = query.data?.find((one) => one.author !== me?.id);
  const other = contract.client === me?.id ? contract.expand?.freelancer : contract.expand?.client;
  if (query.data?.length === 0) return null;
  return (
    <Card title={t('review.title')}>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows count={1} className="h-32" />}
      <div className="space-y-5">
        {mine && <Mine review={mine} contract={contract} otherWrote={theirs?.status === 'sealed'} other={name(other)} />}
        {theirs?.publishedAt && (
          <section aria-label={t('review.about.you', { name: name(other) })}>
            <h3 className="mb-2 font-medium">{t('review.about.you', { name: name(other) })}</h3>
            <ReviewText review={theirs} />
            {theirs.status === 'published' && (
              <CommandDialog label={t('review.reply')} small className="mt-3" domain="projects" path={`reviews/${theirs.id}/reply`} done={t('review.replied')} text={{ name: 'note', label: t('review.replyLabel'), required: true }}>
                <p className="text-muted">{t('review.replyText')}</p>
              </CommandDialog>
            )}
          </section>
        )}
      </div>
    </Card>
  );
}

interface MineProps {
  review: Review;
  contract: Contract;
  otherWrote: boolean;
  other: string;
}

function Mine({ review, contract, otherWrote, other }: MineProps) {
  const { t } = useI18n();
  const dates = useDates();
  const due = useReviewDeadline(review);
  const own = useOwnWords(review);
  const until = due.data ? dates.day(due.data) : '';
  if (review.status === 'expired') return <p className="text-muted">{t('review.expired')}</p>;
  if (review.status === 'open') {
    return (
      <section aria-label={t('review.write', { name: other })}>
        {otherWrote && <div className="mb-4"><Notice tone="info" icon="lock">{t('review.otherWrote', { name: other })}</Notice></div>}
        <p className="mb-4 text-muted">{t('review.blind')}{until && ` ${t('review.until', { date: until })}`}</p>
        <WriteForm review={review} contract={contract} other={other} />
      </section>
    );
  }
  return (
    <section aria-label={t('review.about.them', { name: other })}>
      <h3 className="mb-2 font-medium">{t('review.about.them', { name: other })}</h3>
      {review.status === 'sealed'
        ? <>
            {own.data && <p className="mb-2"><Stars of={own.data.rating} /></p>}
            {own.data?.body && <p className="prose-text" dir="auto">{own.data.body}</p>}
            <div className="mt-3"><Notice tone="plain" icon="lock">{until ? t('review.sealedUntil', { name: other, date: until }) : t('review.sealed', { name: other })}</Notice></div>
          </>
        : <ReviewText review={review} />}
    </section>
  );
}

function WriteForm({ review, contract, other }: { review: Review; contract: Contract; other: string }) {
  const { t } = useI18n();
  const say = useToast();
  const [rating, setRating] = useState(0);
  const [categories, setCategories] = useState<Record<string, number>>({});
  const [body, setBody] = useState('');
  const [checked, setChecked] = useState(false);
  const writing = useWriteReview(() => say(t('review.done')));
  const names = review.subject === contract.freelancer ? aboutFreelancer : aboutClient;
  return (
    <form className="space-y-5" noValidate onSubmit={(event) => {
      event.preventDefault();
      setChecked(true);
      if (rating > 0) writing.mutate({ contract: contract.id, rating, body: body.trim(), categories });
    }}>
      <StarsInput label={t('review.overall', { name: other })} value={rating} onChange={setRating} error={checked && rating === 0 ? t('review.needed') : undefined} />
      <div className="grid gap-4 sm:grid-cols-3">
        {names.map((one) => <StarsInput key={one} label={t(`review.category.${one}`)} optional value={categories[one] ?? 0} onChange={(stars) => setCategories((old) => ({ ...old, [one]: stars }))} />)}
      </div>
      <Textarea label={t('review.body')} optional maxLength={4000} value={body} onChange={(event) => setBody(event.target.value)} hint={t('review.bodyHint')} />
      <ErrorNotice error={writing.error} />
      <Button type="submit" busy={writing.isPending}>{t('review.send')}</Button>
    </form>
  );
}

import { Link, useParams } from 'react-router';
import { useMe } from '../../data/me';
import { usePerson } from '../../data/people';
import { useReviewsAbout } from '../../data/reviews';
import { useI18n } from '../../i18n/i18n';
import { LinkButton } from '../../ui/button';
import { ErrorNotice, Notice, SkeletonRows } from '../../ui/feedback';
import { countryName } from '../../lib/countries';
import { failureOf } from '../../lib/errors';
import { numberFormat } from '../../lib/intl';
import type { User } from '../../types';
import { Card, Page } from '../../ui/page';
import { Avatar, Money, Tags, useDates, useName } from '../../ui/show';
import { Rating } from '../../ui/stars';
import { InviteButton } from './invite';
import { ReviewText } from '../reviews/review-text';

/** What others published about a person. */
function ReviewsAbout({ person }: { person: User }) {
  const { t } = useI18n();
  const name = useName();
  const query = useReviewsAbout(person.id);
  return (
    <Card title={t('people.reviews')} className="mt-5" actions={<Rating rating={person.rating} reviews={person.reviewCount} />}>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows count={2} className="h-20" />}
      {query.data?.items.length === 0 && <p className="text-muted">{t('people.noReviews')}</p>}
      <ul className="divide-y divide-line">
        {query.data?.items.map((review) => (
          <li key={review.id} className="space-y-3 py-4 first:pt-0 last:pb-0">
            <div>
              <h3 className="font-medium" dir="auto">{review.title}</h3>
              <p className="text-sm text-muted"><Link to={`/people/${review.author}`} className="underline" dir="auto">{name(review.expand?.author)}</Link></p>
            </div>
            <ReviewText review={review} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

export default function Profile() {
  const { id = '' } = useParams();
  const { t, locale } = useI18n();
  const name = useName();
  const me = useMe();
  const dates = useDates();
  const query = usePerson(id);
  const person = query.data;
  const back = { to: '/freelancers', label: t('people.title') };
  if (!person) {
    const gone = query.error && failureOf(query.error).status === 404;
    return <Page title={t('people.profile')} back={back} width="narrow">{gone ? <Notice>{t('people.gone')}</Notice> : <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}{query.isPending && <SkeletonRows count={2} />}</Page>;
  }
  const facts: [string, React.ReactNode][] = [
    [t('people.roles'), person.roles.map((role) => t(`role.${role}`)).join(', ')],
    [t('people.country'), person.country && countryName(person.country, locale)],
    [t('people.timezone'), person.timezone.replaceAll('_', ' ')],
    [t('people.rate'), person.hourlyRate > 0 && person.currency && <Money amount={person.hourlyRate} currency={person.currency} trim />],
    [t('people.completed'), person.completedContracts > 0 && numberFormat(locale).format(person.completedContracts)],
    [t('people.since'), dates.day(person.created)],
  ];
  return (
    <Page title={name(person)} back={back} width="narrow"
      heading={<span className="flex items-center gap-4"><Avatar person={person} className="size-16" /><span className="min-w-0"><span className="block">{name(person)}</span>{person.headline && <span className="mt-1 block text-base font-normal text-muted" dir="auto">{person.headline}</span>}</span></span>}
      actions={me?.id === person.id ? <LinkButton to="/account" look="plain" icon="edit">{t('action.edit')}</LinkButton> : <InviteButton person={person} />}>
      <Card>
        <dl className="grid grid-cols-2 gap-4 sm:grid-cols-3">
          {facts.filter(([, value]) => value).map(([label, value]) => <div key={label}><dt className="text-sm text-muted">{label}</dt><dd className="font-medium">{value}</dd></div>)}
        </dl>
        {person.bio && <p className="prose-text mt-5 border-t border-line pt-5" dir="auto">{person.bio}</p>}
        <div className="mt-5 empty:hidden"><Tags tags={person.skills} /></div>
      </Card>
      <ReviewsAbout person={person} />
    </Page>
  );
}

// The directory of freelancers; the search is in the address.
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useFreelancers } from '../../data/people';
import { useI18n } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Icon } from '../../ui/icon';
import { Page } from '../../ui/page';
import { Avatar, Money, Tags, useName } from '../../ui/show';

export default function Directory() {
  const { t } = useI18n();
  const name = useName();
  const [params, setParams] = useSearchParams();
  const q = params.get('q') ?? '';
  const [words, setWords] = useState(q);
  useEffect(() => setWords(q), [q]);
  useEffect(() => {
    if (words.trim() === q) return;
    const timer = setTimeout(() => setParams(words.trim() ? { q: words.trim() } : {}, { replace: true }), 300);
    return () => clearTimeout(timer);
  });
  const found = useFreelancers({ q, country: '' });
  const people = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={t('people.title')} intro={t('people.intro')} width="wide">
      <search className="relative mb-6 block max-w-xl">
        <label htmlFor="people-q" className="sr-only">{t('people.search')}</label>
        <Icon name="search" className="pointer-events-none absolute start-3 top-3 size-5 text-muted" />
        <input id="people-q" type="search" value={words} onChange={(event) => setWords(event.target.value)} placeholder={t('people.searchHint')}
          className="block min-h-11 w-full rounded-[10px] border border-edge bg-surface ps-10 pe-3 placeholder:text-muted" />
      </search>
      <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      {found.isPending && <SkeletonRows count={4} className="h-32" />}
      {found.data && people.length === 0 && <Empty icon="people" title={t('people.none')} text={t('browse.noneText')} />}
      <ul className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {people.map((person) => (
          <li key={person.id} className="card relative flex flex-col gap-3 p-5 transition-colors hover:border-edge">
            <div className="flex items-center gap-3">
              <Avatar person={person} className="size-12" />
              <div className="min-w-0">
                <h2 className="truncate font-semibold" dir="auto"><Link to={`/people/${person.id}`} className="after:absolute after:inset-0 after:rounded-[14px]">{name(person)}</Link></h2>
                <p className="truncate text-sm text-muted" dir="auto">{person.headline || t('role.freelancer')}</p>
              </div>
            </div>
            {person.bio && <p className="line-clamp-3 text-sm text-muted" dir="auto">{person.bio}</p>}
            <div className="mt-auto flex flex-wrap items-end justify-between gap-2">
              <Tags tags={person.skills?.slice(0, 4)} />
              {person.hourlyRate > 0 && person.currency && <p className="text-sm font-semibold"><Money amount={person.hourlyRate} currency={person.currency} trim /> <span className="font-normal text-muted">{t('budget.perHour')}</span></p>}
            </div>
          </li>
        ))}
      </ul>
      {found.hasNextPage && <div className="mt-6 text-center"><Button look="plain" busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('action.more')}</Button></div>}
    </Page>
  );
}

// The directory of freelancers; the search is in the address.
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { peopleSorts, useFreelancers, type PeopleSearch, type PeopleSort } from '../../data/people';
import { useI18n } from '../../i18n/i18n';
import { useCountries } from '../../lib/countries';
import { useAddress, useTyped } from '../../lib/draft';
import { currencies, editMoney, parseMoney } from '../../lib/money';
import { Button } from '../../ui/button';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Input, Select } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Page } from '../../ui/page';
import { Avatar, Money, Tags, useName } from '../../ui/show';
import { Rating } from '../../ui/stars';

/** Reads a search from the address; what makes no sense there is ignored. */
function searchOf(params: URLSearchParams): PeopleSearch {
  const whole = (name: string) => {
    const value = Number(params.get(name) ?? 0);
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
  const sort = params.get('sort') as PeopleSort;
  return {
    q: params.get('q') ?? '', country: params.get('country')?.toUpperCase() ?? '', stars: Math.min(whole('stars'), 5), currency: params.get('currency') ?? '',
    rate: whole('rate'), sort: peopleSorts.includes(sort) ? sort : 'newest',
  };
}

export default function Directory() {
  const { t } = useI18n();
  const name = useName();
  const [params] = useSearchParams();
  const search = useMemo(() => searchOf(params), [params]);
  const set = useAddress<keyof PeopleSearch>();
  const words = useTyped(search.q, (value) => set('q', value.trim()));
  const countries = useCountries(search.country);
  const rate = useTyped(search.rate > 0 ? editMoney(search.rate, search.currency) : '', (value) => set('rate', String(parseMoney(value, search.currency) || '')));
  const found = useFreelancers(search);
  const people = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={t('people.title')} intro={t('people.intro')} width="wide">
      <search className="mb-6 block space-y-4">
        <div className="relative">
          <label htmlFor="people-q" className="sr-only">{t('people.search')}</label>
          <Icon name="search" className="pointer-events-none absolute start-3 top-3 size-5 text-muted" />
          <input id="people-q" type="search" autoComplete="off" {...words} placeholder={t('people.searchHint')}
            className="block min-h-11 w-full rounded-[10px] border border-edge bg-surface ps-10 pe-3 placeholder:text-muted" />
        </div>
        <div className="grid grid-cols-2 gap-3 lg:grid-cols-5">
          <Select label={t('people.sort')} value={search.sort} onChange={(event) => set('sort', event.target.value === 'newest' ? '' : event.target.value)}>
            {peopleSorts.map((sort) => <option key={sort} value={sort}>{t(`people.sort.${sort}`)}</option>)}
          </Select>
          <Select label={t('people.stars')} value={search.stars || ''} onChange={(event) => set('stars', event.target.value)}>
            <option value="">{t('browse.any')}</option>
            {[3, 4, 5].map((stars) => <option key={stars} value={stars}>{t('people.starsAtLeast', { count: stars })}</option>)}
          </Select>
          <Select label={t('people.country')} value={search.country} onChange={(event) => set('country', event.target.value)}>
            <option value="">{t('browse.any')}</option>
            {countries.map(({ code, name: called }) => <option key={code} value={code}>{called}</option>)}
          </Select>
          <Select label={t('browse.currency')} value={search.currency} onChange={(event) => set('currency', event.target.value)}>
            <option value="">{t('browse.any')}</option>
            {currencies.map((code) => <option key={code}>{code}</option>)}
          </Select>
          <Input key={search.currency} label={t('people.rateUpTo')} inputMode="decimal" {...rate} disabled={!search.currency} placeholder={search.currency ? '' : t('browse.minNeedsCurrency')} />
        </div>
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
            {person.reviewCount > 0 && <p className="text-sm"><Rating rating={person.rating} reviews={person.reviewCount} /></p>}
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

// Open projects, searched and filtered; the search is in the address.
import { lazy, Suspense, useDeferredValue, useMemo, useState, type ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { hasRole, useMe } from '../../data/me';
import { projectSorts, useProjectSearch } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { useAddress, useTyped } from '../../lib/draft';
import { currencies, editMoney, parseMoney } from '../../lib/money';
import { part } from '../../lib/part';
import { Button } from '../../ui/button';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Input, Select } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Page } from '../../ui/page';
import { ProjectCard } from './card';
import { categories, categoryName } from './categories';
import { searchOf } from './search';

const SaveSearch = lazy(part(() => import('./save-search')));

const names = ['q', 'without', 'category', 'currency', 'min', 'sort'] as const;

/** How many rows are drawn at first: what fits into a window. The rest follows when the page can be used. */
const firstRows = 6;
const everyRow = Infinity;

/** waiting stands for the list until it has come. */
export function Browse({ waiting = <SkeletonRows count={6} className="h-40" /> }: { waiting?: ReactNode }) {
  const { t } = useI18n();
  const [params, setParams] = useSearchParams();
  const search = useMemo(() => searchOf(params), [params]);
  const [filtersOpen, setFiltersOpen] = useState(false);
  const found = useProjectSearch(search);
  const saves = hasRole(useMe(), 'freelancer');
  const set = useAddress<(typeof names)[number]>();
  const q = useTyped(search.q, (value) => set('q', value.trim()));
  const without = useTyped(search.without, (value) => set('without', value.trim()));
  const min = useTyped(search.min > 0 ? editMoney(search.min, search.currency) : '', (value) => set('min', String(parseMoney(value, search.currency) || '')));

  const data = useDeferredValue(found.data); // a long list is drawn in slices
  const rows = useDeferredValue(everyRow, firstRows);
  const list = data?.pages.flatMap((page) => page.items) ?? [];
  const total = data?.pages[0]?.totalItems ?? 0;
  const active = names.filter((name) => name !== 'q' && name !== 'sort' && params.get(name)).length;
  const offered = [...new Set<string>([...categories, ...list.map((project) => project.category), search.category])].filter(Boolean);

  return (
    <Page title={t('browse.title')} intro={t('browse.intro')} width="wide">
      <search>
        <form action="/projects" onSubmit={(event) => event.preventDefault()} className="mb-6">
          <div className="flex items-end gap-2">
            <div className="relative flex-1">
              <label htmlFor="browse-q" className="sr-only">{t('browse.search')}</label>
              <Icon name="search" className="pointer-events-none absolute start-3 top-3 size-5 text-muted" />
              <input id="browse-q" type="search" name="q" autoComplete="off" {...q} placeholder={t('browse.searchHint')}
                className="block min-h-11 w-full rounded-[10px] border border-edge bg-surface ps-10 pe-3 placeholder:text-muted" />
            </div>
            <Button look="plain" icon="filter" className="lg:hidden" aria-expanded={filtersOpen} aria-controls="browse-filters" onClick={() => setFiltersOpen(!filtersOpen)}>
              <span className="max-sm:sr-only">{t('browse.filters')}</span>{active > 0 && <span className="figures">({active})</span>}
            </Button>
          </div>
          <div id="browse-filters" className={`mt-4 grid gap-3 sm:grid-cols-2 lg:grid lg:grid-cols-5 ${filtersOpen ? '' : 'max-lg:hidden'}`}>
            <Select label={t('browse.category')} name="category" value={search.category} onChange={(event) => set('category', event.target.value)}>
              <option value="">{t('browse.any')}</option>
              {offered.map((category) => <option key={category} value={category}>{categoryName(category, t)}</option>)}
            </Select>
            <Select label={t('browse.currency')} name="currency" value={search.currency} onChange={(event) => set('currency', event.target.value)}>
              <option value="">{t('browse.any')}</option>
              {currencies.map((code) => <option key={code}>{code}</option>)}
            </Select>
            <Input key={search.currency} label={t('browse.min')} inputMode="decimal" autoComplete="off" {...min} disabled={!search.currency} placeholder={search.currency ? '' : t('browse.minNeedsCurrency')} />
            <Input label={t('browse.without')} name="without" autoComplete="off" {...without} placeholder={t('browse.withoutHint')} />
            <Select label={t('browse.sort')} name="sort" value={search.sort} onChange={(event) => set('sort', event.target.value === 'newest' ? '' : event.target.value)}>
              {projectSorts.map((sort) => <option key={sort} value={sort}>{t(`sort.${sort}`)}</option>)}
            </Select>
          </div>
        </form>
      </search>
      <div className={`mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-sm ${saves ? 'min-h-9' : 'min-h-6'}`}>
        <p role="status" className="text-muted">
          {data && t('browse.found', { count: total })}
          {active > 0 && <button type="button" className="ms-3 font-medium text-primary underline" onClick={() => setParams(search.q ? { q: search.q } : {})}>{t('browse.clear')}</button>}
        </p>
        {saves && <Suspense fallback={null}><SaveSearch search={search} /></Suspense>}
      </div>
      <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      {!data && !found.error && waiting}
      {data && list.length === 0 && <Empty icon="search" title={t('browse.none')} text={t('browse.noneText')} />}
      <ul className="space-y-3">
        {list.slice(0, rows).map((project) => <li key={project.id}><ProjectCard project={project} /></li>)}
      </ul>
      {found.hasNextPage && (
        <div className="mt-6 text-center">
          <Button look="plain" busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            {t('browse.more', { count: total - list.length })}
          </Button>
        </div>
      )}
    </Page>
  );
}

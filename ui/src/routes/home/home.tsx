// The first page: what this is, how money works here, and the latest projects.
import { useEffect, type ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';
import { hasRole, useMe } from '../../data/me';
import { useProjectSearch } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { setPageTitle } from '../../lib/title';
import { Button, LinkButton } from '../../ui/button';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { FeePreviewTable } from '../../ui/fee-table';
import { Icon, type IconName } from '../../ui/icon';
import { ProjectCard } from '../projects/card';

const steps: { icon: IconName; title: 'home.step1' | 'home.step2' | 'home.step3'; text: 'home.step1Text' | 'home.step2Text' | 'home.step3Text' }[] = [
  { icon: 'doc', title: 'home.step1', text: 'home.step1Text' },
  { icon: 'lock', title: 'home.step2', text: 'home.step2Text' },
  { icon: 'check', title: 'home.step3', text: 'home.step3Text' },
];

/** waiting stands for the latest projects until they have come. */
export function Home({ waiting = <SkeletonRows count={3} className="h-40" /> }: { waiting?: ReactNode }) {
  const { t } = useI18n();
  const me = useMe();
  const navigate = useNavigate();
  const latest = useProjectSearch({ q: '', without: '', category: '', currency: '', min: 0, sort: 'newest' });
  const projects = latest.data?.pages[0]?.items.slice(0, 5) ?? [];
  useEffect(() => setPageTitle(''), []);
  return (
    <>
      <section className="border-b border-line bg-surface">
        <div className="mx-auto grid max-w-6xl items-center gap-10 *:min-w-0 px-4 py-12 sm:px-6 sm:py-16 lg:grid-cols-[1.35fr_1fr]">
          <div>
          <h1 className="max-w-3xl text-4xl font-bold tracking-tight sm:text-5xl">{t('home.title')}</h1>
          <p className="mt-5 max-w-2xl text-lg text-muted sm:text-xl">{t('home.intro')}</p>
          <search>
            <form action="/projects" className="mt-8 flex max-w-xl gap-2" onSubmit={(event) => {
              event.preventDefault();
              const words = String(new FormData(event.currentTarget).get('q')).trim();
              void navigate(`/projects${words ? `?q=${encodeURIComponent(words)}` : ''}`);
            }}>
              <label htmlFor="home-q" className="sr-only">{t('browse.search')}</label>
              <input id="home-q" type="search" name="q" autoComplete="off" placeholder={t('browse.searchHint')}
                className="min-h-12 min-w-0 flex-1 rounded-[10px] border border-edge bg-canvas px-4 placeholder:text-muted" />
              <Button type="submit" icon="search" className="min-h-12">{t('home.search')}</Button>
            </form>
          </search>
          <p className="guest mt-5 flex flex-wrap gap-x-5 gap-y-2">
            {(!me || hasRole(me, 'client')) && <Link to={me ? '/projects/new' : '/sign-up?role=client'} className="inline-flex min-h-9 items-center gap-1.5 font-medium text-primary hover:underline">{t('home.asClient')}<Icon name="next" directed className="size-4" /></Link>}
            {!me && <Link to="/sign-up?role=freelancer" className="inline-flex min-h-9 items-center gap-1.5 font-medium text-primary hover:underline">{t('home.asFreelancer')}<Icon name="next" directed className="size-4" /></Link>}
            {me && <Link to="/dashboard" className="inline-flex min-h-9 items-center gap-1.5 font-medium text-primary hover:underline">{t('home.toDashboard')}<Icon name="next" directed className="size-4" /></Link>}
          </p>
          </div>
          <Example />
        </div>
      </section>
      <section className="mx-auto w-full max-w-6xl px-4 py-12 sm:px-6">
        <h2 className="text-2xl font-bold tracking-tight">{t('home.how')}</h2>
        <ol className="mt-5 grid gap-4 md:grid-cols-3">
          {steps.map((step, index) => (
            <li key={step.title} className="card p-5">
              <div className="flex items-center gap-3">
                <span className="flex size-10 items-center justify-center rounded-full bg-soft text-strong"><Icon name={step.icon} /></span>
                <h3 className="text-lg font-semibold"><span className="text-muted figures">{index + 1}.</span> {t(step.title)}</h3>
              </div>
              <p className="mt-3 text-muted">{t(step.text)}</p>
            </li>
          ))}
        </ol>
      </section>
      <section className="mx-auto w-full max-w-6xl px-4 pb-14 sm:px-6">
        <div className="mb-4 flex flex-wrap items-baseline justify-between gap-3">
          <h2 className="text-2xl font-bold tracking-tight">{t('home.latest')}</h2>
          <Link to="/projects" className="font-medium text-primary hover:underline">{t('home.all')}</Link>
        </div>
        <ErrorNotice error={latest.error} onRetry={() => void latest.refetch()} />
        {latest.isPending && waiting}
        {latest.data && projects.length === 0 && (
          <Empty icon="briefcase" title={t('home.none')} text={t('home.noneText')}>
            <LinkButton to={me ? '/projects/new' : '/sign-up?role=client'}>{t('action.postProject')}</LinkButton>
          </Empty>
        )}
        <ul className="space-y-3">{projects.map((project) => <li key={project.id}><ProjectCard project={project} level={3} /></li>)}</ul>
      </section>
    </>
  );
}

/** The amount of the example, in minor units. */
const exampleAmount = 120_000;

/** What a milestone goes through, with real arithmetic. */
function Example() {
  const { t } = useI18n();
  const states = ['funded', 'submitted', 'released'] as const;
  return (
    <figure className="rounded-2xl border border-line bg-canvas p-5 sm:p-6">
      <figcaption className="mb-4 text-sm font-semibold text-muted">{t('home.example')}</figcaption>
      <ol className="mb-5 grid grid-cols-3">
        {states.map((state, index) => (
          <li key={state} className="relative flex flex-col items-center gap-2 text-center text-sm font-medium">
            {index > 0 && <span aria-hidden="true" className="absolute end-1/2 top-4 h-0.5 w-full bg-primary" />}
            <span className="relative flex size-8 items-center justify-center rounded-full bg-primary text-on-primary"><Icon name={state === 'funded' ? 'lock' : state === 'submitted' ? 'eye' : 'check'} className="size-4" /></span>
            {t(`status.milestone.${state}`)}
          </li>
        ))}
      </ol>
      <FeePreviewTable of={{ amount: exampleAmount, currency: 'EUR' }} side="client" />
    </figure>
  );
}

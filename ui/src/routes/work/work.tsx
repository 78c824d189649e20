// My projects, contracts and proposals.
import { Link, Navigate, useParams } from 'react-router';
import { hasRole, useMe } from '../../data/me';
import { useContracts, useMyProjects, useMyProposals } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { LinkButton } from '../../ui/button';
import { Empty, ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Page, TabLinks } from '../../ui/page';
import { Ago, Avatar, Money, Status, useName } from '../../ui/show';
import { Budget } from '../projects/card';
import Searches from './searches';

export default function Work() {
  const { tab = '' } = useParams();
  const { t } = useI18n();
  const me = useMe();
  const client = hasRole(me, 'client');
  const freelancer = hasRole(me, 'freelancer');
  const tabs = [
    { to: '/work/contracts', label: t('work.contracts') },
    ...(client ? [{ to: '/work/projects', label: t('work.projects') }] : []),
    ...(freelancer ? [{ to: '/work/proposals', label: t('work.proposals') }, { to: '/work/searches', label: t('searches.title') }] : []),
  ];
  if (!tab) return <Navigate to="/work/contracts" replace />;
  return (
    <Page title={t('work.title')} actions={client ? <LinkButton to="/projects/new" icon="plus" className="md:hidden">{t('action.postProject')}</LinkButton> : <LinkButton to="/projects" icon="search">{t('nav.find')}</LinkButton>}>
      <TabLinks label={t('work.title')} tabs={tabs} />
      {tab === 'projects' ? <MyProjects /> : tab === 'proposals' ? <MyProposals /> : tab === 'searches' ? <Searches /> : <MyContracts />}
    </Page>
  );
}

const row = 'card relative flex flex-wrap items-center justify-between gap-x-6 gap-y-2 p-4 sm:p-5 transition-colors hover:border-edge';
const cover = 'font-semibold after:absolute after:inset-0 after:rounded-[14px]';

function MyContracts() {
  const { t } = useI18n();
  const me = useMe();
  const name = useName();
  const query = useContracts();
  return (
    <>
      <h2 className="sr-only">{t('work.contracts')}</h2>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows className="h-24" />}
      {query.data?.length === 0 && (
        <Empty icon="briefcase" title={t('work.noContracts')} text={t('work.noContractsText')}>
          {hasRole(me, 'freelancer') ? <LinkButton to="/projects">{t('nav.find')}</LinkButton> : <LinkButton to="/projects/new">{t('action.postProject')}</LinkButton>}
        </Empty>
      )}
      <ul className="space-y-3">
        {query.data?.map((contract) => {
          const other = me?.id === contract.client ? contract.expand?.freelancer : contract.expand?.client;
          return (
            <li key={contract.id} className={row}>
              <div className="flex min-w-0 items-center gap-3">
                <Avatar person={other} className="size-11" />
                <div className="min-w-0">
                  <h3 className="truncate" dir="auto"><Link to={`/contracts/${contract.id}`} className={cover}>{contract.title}</Link></h3>
                  <p className="truncate text-sm text-muted">{me?.id === contract.client ? t('work.with', { name: name(other) }) : t('work.for', { name: name(other) })} · <Ago at={contract.created} /></p>
                </div>
              </div>
              <div className="flex items-center gap-3"><Money amount={contract.amount} currency={contract.currency} className="font-semibold" /><Status of="contract" status={contract.status} /></div>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function MyProjects() {
  const { t } = useI18n();
  const me = useMe();
  const query = useMyProjects(me?.id ?? '');
  return (
    <>
      <h2 className="sr-only">{t('work.projects')}</h2>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows className="h-24" />}
      {query.data?.length === 0 && <Empty icon="briefcase" title={t('work.noProjects')} text={t('work.noProjectsText')}><LinkButton to="/projects/new">{t('action.postProject')}</LinkButton></Empty>}
      <ul className="space-y-3">
        {query.data?.map((project) => (
          <li key={project.id} className={row}>
            <div className="min-w-0">
              <h3 className="truncate" dir="auto"><Link to={`/projects/${project.id}`} className={cover}>{project.title}</Link></h3>
              <p className="text-sm text-muted"><Budget project={project} /> · <Ago at={project.publishedAt || project.created} /></p>
            </div>
            <div className="flex items-center gap-3">
              {project.status === 'open' && project.proposalCount > 0 && <Link to={`/projects/${project.id}/proposals`} className="relative z-10 font-medium text-primary underline">{t('project.proposalCount', { count: project.proposalCount })}</Link>}
              <Status of="project" status={project.status} />
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function MyProposals() {
  const { t } = useI18n();
  const me = useMe();
  const name = useName();
  const query = useMyProposals(me?.id ?? '');
  return (
    <>
      <h2 className="sr-only">{t('work.proposals')}</h2>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows className="h-24" />}
      {query.data?.length === 0 && <Empty icon="doc" title={t('work.noProposals')} text={t('work.noProposalsText')}><LinkButton to="/projects">{t('nav.find')}</LinkButton></Empty>}
      <ul className="space-y-3">
        {query.data?.map((proposal) => (
          <li key={proposal.id} className={row}>
            <div className="min-w-0">
              <h3 className="truncate" dir="auto"><Link to={`/proposals/${proposal.id}`} className={cover}>{proposal.projectTitle}</Link></h3>
              <p className="text-sm text-muted">{t('work.for', { name: name(proposal.expand?.client) })} · <Ago at={proposal.created} /></p>
            </div>
            <div className="flex items-center gap-3"><Money amount={proposal.amount} currency={proposal.currency} className="font-semibold" /><Status of="proposal" status={proposal.status} /></div>
          </li>
        ))}
      </ul>
    </>
  );
}

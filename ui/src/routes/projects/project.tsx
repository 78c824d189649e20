// One project: for strangers, for freelancers who may propose, for its client.
import { Link, useParams } from 'react-router';
import { hasRole, useMe } from '../../data/me';
import { useContractOf, useProject, useProposals } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { LinkButton } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { ErrorNotice, Notice, SkeletonRows } from '../../ui/feedback';
import { Card, Page } from '../../ui/page';
import { Ago, Money, PersonLine, Status } from '../../ui/show';
import type { Project } from '../../types';
import { Propose } from '../proposals/propose';
import { ProjectBody } from './body';

export default function ProjectPage() {
  const { id = '' } = useParams();
  const { t } = useI18n();
  const me = useMe();
  const query = useProject(id);
  const project = query.data;
  const back = { to: '/projects', label: t('browse.title') };
  if (!project) {
    const gone = query.error && failureOf(query.error).status === 404;
    return (
      <Page title={gone ? t('project.gone') : t('project.title')} back={back}>
        {gone ? <Notice icon="search">{t('project.goneText')}</Notice> : <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
        {query.isPending && <SkeletonRows count={1} className="h-80" />}
      </Page>
    );
  }
  const owner = me?.id === project.client;
  return (
    <Page title={project.title} back={owner ? { to: '/work/projects', label: t('work.projects') } : back}
      intro={<span className="flex flex-wrap items-center gap-2"><Status of="project" status={project.status} />{t(project.publishedAt ? 'project.posted' : 'project.made')} <Ago at={project.publishedAt || project.created} /></span>}
      actions={owner && <OwnerActions project={project} />}>
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[1fr_20rem]">
        <Card><ProjectBody project={project} files={project} /></Card>
        <aside className="space-y-5">
          {owner ? <OwnerSide project={project} /> : <VisitorSide project={project} />}
          {!owner && (
            <Card title={t('project.client')}>
              <PersonLine person={project.expand?.client} to={me ? `/people/${project.client}` : undefined} />
            </Card>
          )}
        </aside>
      </div>
    </Page>
  );
}

function OwnerActions({ project }: { project: Project }) {
  const { t } = useI18n();
  const editable = project.status === 'draft' || project.status === 'open';
  return (
    <>
      {editable && <LinkButton to={`/projects/${project.id}/edit`} look="plain" icon="edit">{t('action.edit')}</LinkButton>}
      {editable && (
        <CommandDialog label={t('project.cancel')} look="danger" domain="projects" path={`projects/${project.id}/cancel`} done={t('project.cancelled')}
          text={{ name: 'reason', label: t('form.reason') }}>
          <p className="text-muted">{project.status === 'draft' ? t('project.cancelDraftText') : t('project.cancelText')}</p>
        </CommandDialog>
      )}
      {(project.status === 'draft' || project.status === 'expired') && (
        <CommandDialog label={t('project.publish')} look="primary" domain="projects" path={`projects/${project.id}/publish`} done={t('project.published')}>
          <p className="text-muted">{t('project.publishText')}</p>
        </CommandDialog>
      )}
    </>
  );
}

function OwnerSide({ project }: { project: Project }) {
  const { t } = useI18n();
  const proposals = useProposals(project.id);
  const contract = useContractOf(project.id, Boolean(project.freelancer));
  const waiting = proposals.data?.filter((one) => one.status === 'submitted').length ?? 0;
  return (
    <>
      {contract.data && (
        <Card title={t('contract.title')}>
          <PersonLine person={project.expand?.freelancer} detail={<Money amount={contract.data.amount} currency={contract.data.currency} />} />
          <LinkButton to={`/contracts/${contract.data.id}`} className="mt-4 w-full">{t('contract.open')}</LinkButton>
        </Card>
      )}
      <Card title={t('project.proposals')}>
        <p className="text-muted">{project.status === 'draft' ? t('project.draftNote') : waiting === 0 && project.status !== 'open' ? t('project.noneWaiting') : t('project.waiting', { count: waiting })}</p>
        {(proposals.data?.length ?? 0) > 0 && <LinkButton to={`/projects/${project.id}/proposals`} look={waiting === 0 ? 'plain' : 'primary'} className="mt-4 w-full">{t('project.compare')}</LinkButton>}
      </Card>
      {project.reason && <Notice tone="plain" title={t('form.reason')}><span dir="auto">{project.reason}</span></Notice>}
    </>
  );
}

function VisitorSide({ project }: { project: Project }) {
  const { t } = useI18n();
  const me = useMe();
  const freelancer = hasRole(me, 'freelancer');
  const proposals = useProposals(project.id, freelancer);
  const mine = proposals.data?.find((one) => one.status === 'submitted' || one.status === 'accepted');
  const contract = useContractOf(project.id, me?.id === project.freelancer && project.freelancer !== '');
  if (contract.data) return <Card title={t('contract.title')}><LinkButton to={`/contracts/${contract.data.id}`} className="w-full">{t('contract.open')}</LinkButton></Card>;
  if (mine) {
    return (
      <Card title={t('proposal.yours')}>
        <p className="flex items-center justify-between gap-3"><Money amount={mine.amount} currency={mine.currency} className="text-lg font-semibold" /><Status of="proposal" status={mine.status} /></p>
        <LinkButton to={`/proposals/${mine.id}`} look="plain" className="mt-4 w-full">{t('proposal.open')}</LinkButton>
      </Card>
    );
  }
  if (project.status !== 'open') return <Notice tone="plain">{t('project.notOpen')}</Notice>;
  if (!me) {
    return (
      <Card title={t('propose.title')}>
        <p className="mb-4 text-muted">{t('propose.signIn')}</p>
        <LinkButton to={`/sign-up?role=freelancer&next=/projects/${project.id}`} className="w-full">{t('action.signUp')}</LinkButton>
        <p className="mt-3 text-center text-sm"><Link to={`/sign-in?next=/projects/${project.id}`} className="font-medium text-primary underline">{t('auth.haveAccount')}</Link></p>
      </Card>
    );
  }
  if (!freelancer) return <Notice tone="plain">{t('propose.needsRole')} <Link to="/account" className="font-medium underline">{t('nav.account')}</Link></Notice>;
  return <Propose project={project} />;
}

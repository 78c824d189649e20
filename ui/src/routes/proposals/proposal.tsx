// One proposal, for the freelancer who made it (and its client).
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { projects } from '../../api';
import { useMe } from '../../data/me';
import { useContractOf, useProject, useProposal } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { Button, LinkButton } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { FeePreviewTable } from '../../ui/fee-table';
import { FileLinks } from '../../ui/files';
import { ErrorNotice, Notice, SkeletonRows } from '../../ui/feedback';
import { Card, Page } from '../../ui/page';
import { Ago, Status, useName } from '../../ui/show';
import { ProposalForm } from './propose';
import { StepsList } from './steps';

export default function ProposalPage() {
  const { id = '' } = useParams();
  const { t } = useI18n();
  const me = useMe();
  const name = useName();
  const query = useProposal(id);
  const proposal = query.data;
  const [editing, setEditing] = useState(false);
  const project = useProject(editing ? proposal?.project ?? '' : '');
  const contract = useContractOf(proposal?.project ?? '', proposal?.status === 'accepted');
  const mine = me?.id === proposal?.freelancer;
  const back = proposal && !mine ? { to: `/projects/${proposal.project}/proposals`, label: t('project.proposals') } : { to: '/work/proposals', label: t('work.proposals') };
  if (!proposal) {
    return <Page title={t('proposal.title')} back={back} width="narrow"><ErrorNotice error={query.error} onRetry={() => void query.refetch()} />{query.isPending && <SkeletonRows count={2} />}</Page>;
  }
  return (
    <Page title={proposal.projectTitle} back={back} width="narrow"
      intro={<span className="flex flex-wrap items-center gap-2"><Status of="proposal" status={proposal.status} />{t('proposal.sent')} <Ago at={proposal.created} /></span>}>
      <div className="space-y-5">
        {contract.data && <Notice tone="good" icon="check" title={t(mine ? 'proposal.won' : 'proposal.chosen')}><LinkButton to={`/contracts/${contract.data.id}`} small className="mt-2">{t('contract.open')}</LinkButton></Notice>}
        {proposal.reason && <Notice tone="plain" title={t('form.reason')}><span dir="auto">{proposal.reason}</span></Notice>}
        <Card title={t('proposal.title')} actions={mine && proposal.status === 'submitted' && !editing && <Button look="plain" small icon="edit" onClick={() => setEditing(true)}>{t('action.edit')}</Button>}>
          {editing ? (
            <ProposalForm currency={proposal.currency} category={project.data?.category ?? ''} before={proposal} submit={t('action.save')} done={t('state.saved')} onDone={() => setEditing(false)}
              save={(values) => projects.proposals.update(proposal.id, values)} />
          ) : (
            <>
              <FeePreviewTable of={{ proposal: proposal.id }} side={mine ? 'freelancer' : 'client'} />
              {proposal.days > 0 && <p className="mt-4"><span className="text-muted">{t('propose.days')}:</span> <span className="font-semibold">{t('count.days', { count: proposal.days })}</span></p>}
              <StepsList steps={proposal.milestones} currency={proposal.currency} />
              <div className="mt-3 empty:hidden"><FileLinks domain="projects" record={proposal} files={proposal.samples} /></div>
              {proposal.coverLetter && <p className="prose-text mt-4" dir="auto">{proposal.coverLetter}</p>}
            </>
          )}
        </Card>
        <div className="flex flex-wrap gap-2">
          <LinkButton look="plain" to={`/projects/${proposal.project}`}>{t('project.open')}</LinkButton>
          {mine && proposal.status === 'submitted' && (
            <CommandDialog label={t('proposal.withdraw')} look="danger" domain="projects" path={`proposals/${proposal.id}/withdraw`} done={t('proposal.withdrawn')} text={{ name: 'reason', label: t('form.reason') }}>
              <p className="text-muted">{t('proposal.withdrawText')}</p>
            </CommandDialog>
          )}
        </div>
        <p className="text-sm text-muted">{t(mine ? 'proposal.client' : 'proposal.by')} <Link className="font-medium text-primary underline" to={`/people/${mine ? proposal.client : proposal.freelancer}`}><bdi>{name(mine ? proposal.expand?.client : proposal.expand?.freelancer)}</bdi></Link></p>
      </div>
    </Page>
  );
}

// The proposals on one's project, side by side, and hiring.
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { useContractOf, useProject, useProposals } from '../../data/projects';
import { usePeople } from '../../data/people';
import { useI18n } from '../../i18n/i18n';
import type { Contract, Project, Proposal, User } from '../../types';
import { LinkButton } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { FeePreviewTable } from '../../ui/fee-table';
import { FileLinks } from '../../ui/files';
import { Empty, ErrorNotice, Notice, SkeletonRows } from '../../ui/feedback';
import { Page } from '../../ui/page';
import { CompareTable } from './compare-table';
import { cheapest, sortOffers, type Order } from './offers';
import { StepsList } from '../proposals/steps';
import { Ago, Avatar, Money, Status, Tags, useName } from '../../ui/show';

export default function Compare() {
  const { id = '' } = useParams();
  const { t } = useI18n();
  const project = useProject(id);
  const proposals = useProposals(id);
  const contract = useContractOf(id, Boolean(project.data?.freelancer));
  const people = usePeople((proposals.data ?? []).map((one) => one.freelancer));
  const [order, setOrder] = useState<Order>({ by: 'price', way: 'ascending' });
  const list = sortOffers((proposals.data ?? []).map((proposal) => ({ proposal, person: people.data?.get(proposal.freelancer) as User | undefined })), order);
  const lowest = cheapest(list);
  return (
    <Page title={t('compare.title')} intro={<span dir="auto">{project.data?.title}</span>} back={{ to: `/projects/${id}`, label: t('project.title') }} width="wide">
      {contract.data && <div className="mb-5"><Notice tone="good" icon="check" title={t('compare.hired')}><LinkButton small to={`/contracts/${contract.data.id}`} className="mt-2">{t('contract.open')}</LinkButton></Notice></div>}
      <ErrorNotice error={proposals.error ?? project.error} onRetry={() => void proposals.refetch()} />
      {proposals.isPending && <SkeletonRows count={2} className="h-72" />}
      {proposals.data && list.length === 0 && <Empty icon="doc" title={t('compare.none')} text={t('compare.noneText')} />}
      {list.length > 1 && <CompareTable offers={list} cheapest={lowest} order={order} onOrder={setOrder} />}
      <ul className="grid grid-cols-1 items-stretch gap-4 md:grid-cols-2 lg:grid-cols-3">
        {list.map(({ proposal, person }) => project.data && (
          <li key={proposal.id} id={`offer-${proposal.id}`} className="flex min-w-0 scroll-mt-20"><Offer proposal={proposal} project={project.data} person={person} cheapest={lowest.has(proposal.id)} /></li>
        ))}
      </ul>
    </Page>
  );
}

interface OfferProps {
  proposal: Proposal;
  project: Project;
  person: User | undefined;
  cheapest: boolean;
}

function Offer({ proposal, project, person, cheapest }: OfferProps) {
  const { t } = useI18n();
  const name = useName();
  const navigate = useNavigate();
  const live = proposal.status === 'submitted' && project.status === 'open';
  const who = name(person ?? proposal.expand?.freelancer);
  return (
    <article className={`card flex w-full flex-col p-5 ${proposal.status === 'accepted' ? 'border-primary' : ''} ${proposal.status === 'submitted' || proposal.status === 'accepted' ? '' : 'bg-canvas'}`}>
      <div className="flex items-start gap-3">
        <Avatar person={person ?? proposal.expand?.freelancer} className="size-12" />
        <div className="min-w-0 flex-1">
          <h2 className="truncate text-lg font-semibold" dir="auto"><Link to={`/people/${proposal.freelancer}`} className="hover:underline">{who}</Link></h2>
          <p className="line-clamp-2 text-sm text-muted" dir="auto">{person?.headline}</p>
        </div>
        <Status of="proposal" status={proposal.status} />
      </div>
      <dl className="my-4 grid grid-cols-2 gap-3 border-y border-line py-3">
        <div><dt className="text-sm text-muted">{t('compare.amount')}{cheapest && <span className="ms-1.5 font-medium text-strong">{t('compare.lowest')}</span>}</dt><dd><Money amount={proposal.amount} currency={proposal.currency} className="text-xl font-bold" /></dd></div>
        <div><dt className="text-sm text-muted">{t('propose.days')}</dt><dd className="text-xl font-bold">{proposal.days > 0 ? t('count.days', { count: proposal.days }) : '–'}</dd></div>
      </dl>
      <div className="mb-3 empty:hidden"><Tags tags={person?.skills} /></div>
      <p className="prose-text flex-1" dir="auto">{proposal.coverLetter || <span className="text-muted">{t('compare.noLetter')}</span>}</p>
      <StepsList steps={proposal.milestones} currency={proposal.currency} />
      <div className="mt-3 empty:hidden"><FileLinks domain="projects" record={proposal} files={proposal.samples} /></div>
      <p className="mt-3 text-sm text-muted">{t('proposal.sent')} <Ago at={proposal.created} /></p>
      {live && (
        <div className="mt-4 flex flex-wrap gap-2">
          <CommandDialog<{ contract: Contract }> label={t('compare.accept')} look="primary" className="flex-1" domain="projects" path={`proposals/${proposal.id}/accept`} body={{ version: proposal.version }}
            confirm={t('compare.acceptConfirm')} done={t('compare.accepted')} onDone={(answer) => void navigate(`/contracts/${answer.contract.id}`)}>
            <p>{t('compare.acceptText', { name: who })}</p>
            <StepsList steps={proposal.milestones} currency={proposal.currency} />
            <FeePreviewTable of={{ proposal: proposal.id }} side="client" />
            <p className="text-sm text-muted">{t('compare.acceptNote')}</p>
          </CommandDialog>
          <CommandDialog label={t('discuss.title')} look="plain" domain="projects" path={`proposals/${proposal.id}/discuss`} done={t('discuss.done')} text={{ name: 'note', label: t('discuss.note') }}>
            <p className="text-muted">{t('discuss.text', { name: who })}</p>
          </CommandDialog>
          <CommandDialog label={t('compare.reject')} look="plain" domain="projects" path={`proposals/${proposal.id}/reject`} done={t('compare.rejected')} text={{ name: 'reason', label: t('form.reason') }}>
            <p className="text-muted">{t('compare.rejectText', { name: who })}</p>
          </CommandDialog>
        </div>
      )}
      {proposal.reason && proposal.status !== 'submitted' && <p className="mt-3 text-sm text-muted" dir="auto">{proposal.reason}</p>}
    </article>
  );
}

// The contract room: what happens next, the milestones and their money, what
// happened so far, and the chat beside it.
import { lazy, Suspense } from 'react';
import { Link, useParams } from 'react-router';
import { useChats } from '../../data/chats';
import { useMe } from '../../data/me';
import { useDeadlines } from '../../data/deadlines';
import { useDisputes } from '../../data/disputes';
import { usePayments } from '../../data/payments';
import { isSettling, useContract, useMilestones } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { useMedia } from '../../lib/media';
import { part } from '../../lib/part';
import type { Contract, Milestone, Payment } from '../../types';
import { LinkButton } from '../../ui/button';
import { CommandDialog } from '../../ui/command-dialog';
import { ErrorNotice, Skeleton, SkeletonRows } from '../../ui/feedback';
import { Card, Page } from '../../ui/page';
import { Ago, Money, PersonLine, Status } from '../../ui/show';
import { BonusDialog } from './bonus-dialog';
import { Clocks } from './clocks';
import { DisputeCard } from './dispute-card';
import { ReviewCard } from '../reviews/review-card';
import { MilestoneCard } from './milestone';
import { MilestoneDialog } from './milestone-dialog';
import { NextCard } from './next-card';
import { heldOf, nextStep } from './next-step';
import { Timeline } from './timeline';
import { useToConfirm } from './to-confirm';

const Conversation = lazy(part(() => import('../messages/conversation')));

export default function Room() {
  const { id = '' } = useParams();
  const { t } = useI18n();
  const me = useMe();
  const contract = useContract(id);
  const first = useMilestones(id, false);
  const firstPayments = usePayments(contract.data?.project ?? '', false);
  const settling = isSettling(first.data, firstPayments.data);
  const milestones = useMilestones(id, settling);
  const payments = usePayments(contract.data?.project ?? '', settling);
  const disputes = useDisputes(id);
  const deadlines = useDeadlines(contract.data?.project ?? '');
  const pending = payments.data?.find((payment) => payment.status === 'pending' && payment.client === me?.id)?.id ?? '';
  const { address } = useToConfirm(pending);
  const back = { to: '/work/contracts', label: t('work.contracts') };
  if (!contract.data || !milestones.data || !payments.data || !disputes.data) {
    const error = contract.error ?? milestones.error ?? payments.error ?? disputes.error;
    return (
      <Page title={t('contract.title')} back={back} width="wide">
        {error ? <ErrorNotice error={error} onRetry={() => { void contract.refetch(); void milestones.refetch(); void payments.refetch(); void disputes.refetch(); }} /> : <SkeletonRows count={3} className="h-40" />}
      </Page>
    );
  }
  const data = contract.data;
  const side = me?.id === data.client ? 'client' : 'freelancer';
  const anyHeld = payments.data.some((payment) => heldOf(payment) > 0 || payment.disputed > 0);
  const clocks = deadlines.data ?? [];
  const next = nextStep(data, milestones.data, payments.data, disputes.data, address && pending);
  const card = (closed: boolean) => disputes.data.filter((one) => (one.status === 'closed') === closed)
    .map((one) => <DisputeCard key={one.id} dispute={one} side={side} me={me?.id ?? ''} />);
  return (
    <Page title={data.title} back={back} width="wide"
      intro={<span className="flex flex-wrap items-center gap-2"><Status of="contract" status={data.status} />{t('contract.began')} <Ago at={data.created} /></span>}
      actions={data.status === 'active' && !anyHeld && !settling && (
        <CommandDialog label={t('contract.end')} look="danger" domain="projects" path={`contracts/${id}/end`} done={t('contract.endedDone')} text={{ name: 'reason', label: t('form.reason') }}>
          <p className="text-muted">{t('contract.endText')}</p>
        </CommandDialog>
      )}>
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[1fr_22rem]">
        <div className="min-w-0 space-y-5">
          <NextCard next={next} contract={data} milestones={milestones.data} payments={payments.data} deadlines={clocks} side={side} address={address} />
          {card(false)}
          <Card title={t('contract.milestones')} actions={side === 'client' && data.status !== 'ended' && <div className="flex flex-wrap gap-2">{data.status === 'active' && <MilestoneDialog contract={data} />}<BonusDialog contract={data} /></div>}>
            <ol className="divide-y divide-line">
              {milestones.data.map((milestone) => <MilestoneCard key={milestone.id} milestone={milestone} milestones={milestones.data} contract={data} payments={payments.data} side={side} />)}
            </ol>
          </Card>
          {card(true)}
          <ReviewCard contract={data} />
          <Card title={t('contract.timeline')}><Timeline project={data.project} people={[data.expand?.client, data.expand?.freelancer]} /></Card>
        </div>
        <aside className="space-y-5 lg:sticky lg:top-20">
          <Parties contract={data} side={side} milestones={milestones.data} payments={payments.data} />
          <Clocks deadlines={clocks.filter((one) => one.status === 'paused' || one.subject !== next.subject)} side={side} />
          <ChatBeside contract={id} />
        </aside>
      </div>
    </Page>
  );
}

interface PartiesProps {
  contract: Contract;
  side: 'client' | 'freelancer';
  milestones: readonly Milestone[];
  payments: readonly Payment[];
}

function Parties({ contract, side, payments }: PartiesProps) {
  const { t } = useI18n();
  const other = side === 'client' ? contract.expand?.freelancer : contract.expand?.client;
  const held = payments.reduce((sum, payment) => sum + heldOf(payment), 0);
  const released = payments.reduce((sum, payment) => sum + payment.released, 0);
  const fees = payments.reduce((sum, payment) => sum + payment.fee, 0);
  const disputed = payments.reduce((sum, payment) => sum + (payment.disputed || 0), 0);
  const lines: [string, number][] = [
    [t('contract.total'), contract.amount],
    [t('contract.held'), held],
    ...(disputed > 0 ? [[t('contract.disputed'), disputed] as [string, number]] : []),
    side === 'client' ? [t('contract.paid'), released] : [t('contract.received'), released - fees],
  ];
  return (
    <Card>
      <PersonLine person={other} detail={side === 'client' ? t('role.freelancer') : t('role.client')} to={other && `/people/${other.id}`} />
      <dl className="mt-4 space-y-1.5 border-t border-line pt-4">
        {lines.map(([label, amount]) => <div key={label} className="flex justify-between gap-4"><dt className="text-muted">{label}</dt><dd className="font-semibold"><Money amount={amount} currency={contract.currency} /></dd></div>)}
      </dl>
      <p className="mt-4 text-sm"><Link to={`/projects/${contract.project}`} className="font-medium text-primary underline">{t('project.open')}</Link></p>
    </Card>
  );
}

function ChatBeside({ contract }: { contract: string }) {
  const { t } = useI18n();
  const me = useMe();
  const chats = useChats(me?.id ?? '');
  const row = chats.data?.find((one) => one.chat.contract === contract);
  const room = useMedia('(min-width: 64rem)'); // where there is none, the chat is not loaded, and nothing counts as read
  if (!row) return null;
  if (!room) return <LinkButton to={`/messages/${row.chat.id}`} look="plain" icon="chat" className="w-full">{t('contract.chat')}{row.unread > 0 && ` (${row.unread})`}</LinkButton>;
  return (
    <section aria-label={t('contract.chat')} className="card flex h-[28rem] flex-col overflow-hidden">
      <Suspense fallback={<Skeleton className="m-5 h-40" />}><Conversation row={row} beside /></Suspense>
    </section>
  );
}

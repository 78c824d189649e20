// What happened, oldest first, from both instances that keep a timeline.
import { usePayments, useTimeline } from '../../data/payments';
import { useI18n } from '../../i18n/i18n';
import { en } from '../../i18n/en';
import type { Key } from '../../i18n/catalogue';
import type { Person, TimelineRow } from '../../types';
import { ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Ago, useName } from '../../ui/show';

/** Steps that only follow from a payment, which says it itself. */
const silent = new Set(['milestones.fund', 'milestones.release', 'projects.award', 'projects.complete', 'projects.abandon', 'milestones.reopen', 'payments.resume', 'payments.split']);

const marks: Record<string, string> = {
  'payments.hold': 'bg-info', 'payments.release': 'bg-primary', 'payments.release-part': 'bg-primary', 'payments.refund': 'bg-warn', 'payments.fail': 'bg-danger',
  'payments.ask-refund': 'bg-warn', 'payments.decline-refund': 'bg-warn', 'payments.dispute': 'bg-danger', 'disputes.accept': 'bg-primary', 'disputes.rule': 'bg-primary', 'disputes.escalate': 'bg-danger',
  'contracts.complete': 'bg-primary', 'milestones.approve': 'bg-primary', 'milestones.request-changes': 'bg-warn',
};

interface Props {
  project: string;
  people: readonly (Person | undefined)[];
}

export function Timeline({ project, people }: Props) {
  const { t } = useI18n();
  const name = useName();
  const timeline = useTimeline(project);
  const payments = usePayments(project, false);
  if (timeline.isPending) return <SkeletonRows count={3} className="h-10" />;
  if (timeline.error) return <ErrorNotice error={timeline.error} onRetry={() => void timeline.refetch()} />;
  const said = (row: TimelineRow): string => {
    const key = `timeline.${row.kind}.${row.verb}`;
    const who = row.by === 'system' ? t('timeline.system') : row.by === 'moderator' ? t('timeline.moderator') : name(people.find((person) => person?.id === row.by));
    const title = row.kind === 'payments' ? payments.data?.find((payment) => payment.id === row.subject)?.title ?? '' : '';
    return key in en ? t(key as Key, { who, title }) : `${row.kind}: ${row.verb}`;
  };
  const rows = (timeline.data ?? []).filter((row) => !silent.has(`${row.kind}.${row.verb}`));
  return (
    <ol className="relative space-y-4 before:absolute before:start-[5px] before:top-2 before:bottom-2 before:w-0.5 before:bg-line">
      {rows.map((row) => (
        <li key={row.id} className="relative ps-7">
          <span aria-hidden="true" className={`absolute start-0 top-1.5 size-3 rounded-full border-2 border-surface ${marks[`${row.kind}.${row.verb}`] ?? 'bg-edge'}`} />
          <p><bdi>{said(row)}</bdi> <Ago at={row.created} className="text-sm whitespace-nowrap text-muted" /></p>
          {row.reason && row.by !== 'system' && (row.kind !== 'payments' || row.verb === 'ask-refund' || row.verb === 'decline-refund') && <p className="prose-text text-sm text-muted" dir="auto">{row.reason}</p>}
        </li>
      ))}
    </ol>
  );
}

import { useI18n } from '../../i18n/i18n';
import type { Contract, Deadline, Milestone, Payment } from '../../types';
import { Button } from '../../ui/button';
import { useTimeLeft } from '../../ui/countdown';
import { Icon, type IconName } from '../../ui/icon';
import { useDates } from '../../ui/show';
import { DueLine, Favour } from './clocks';
import { MilestoneActions } from './milestone';
import type { Actor, NextStep } from './next-step';

const icons: Record<NextStep['step'], IconName> = {
  dispute: 'alert', talks: 'chat', review: 'eye', refundAsked: 'back',
  fund: 'money', confirm: 'lock', funding: 'clock', deliver: 'briefcase', decide: 'eye', rework: 'edit', releasing: 'clock', plan: 'plus', completed: 'check', ended: 'close',
};

const titles = { client: 'next.theirsClient', freelancer: 'next.theirsFreelancer', both: 'next.both', moderator: 'next.moderator', server: 'next.server', nobody: 'next.nothing' } as const satisfies Record<Actor, string>;

interface Props {
  next: NextStep;
  contract: Contract;
  milestones: readonly Milestone[];
  payments: readonly Payment[];
  deadlines: readonly Deadline[];
  side: 'client' | 'freelancer';
  /** Where the payment is confirmed, if that is what is next. */
  address: string;
}

/** "What happens next": who has to act, by when, and what happens if nobody does. */
export function NextCard({ next, contract, milestones, payments, deadlines, side, address }: Props) {
  const { t } = useI18n();
  const yours = next.actor === side || next.actor === 'both';
  const clock = deadlines.find((one) => one.subject === next.subject && one.status !== 'paused');
  const waits = next.step === 'dispute' && !yours;
  const acts = next.step !== 'dispute' && next.step !== 'talks';
  return (
    <section aria-labelledby="next-title" className={`rounded-2xl border p-5 ${yours ? 'border-primary bg-soft' : 'border-line bg-surface'}`}>
      <div className="flex gap-4">
        <span className={`flex size-11 shrink-0 items-center justify-center rounded-full ${yours ? 'bg-primary text-on-primary' : 'bg-sunken text-muted'}`}><Icon name={icons[next.step]} /></span>
        <div className="min-w-0 flex-1">
          <h2 id="next-title" className={`text-sm font-semibold ${yours ? 'text-strong' : 'text-muted'}`}>{next.actor === side ? t('next.yours') : t(titles[next.actor])}</h2>
          <p className="text-lg font-semibold" aria-live="polite">{t(`next.${waits ? 'disputeWaits' : next.step}.${side}`, { title: next.milestone?.title ?? '' })}</p>
          <p className={`mt-1 ${yours ? 'text-ink' : 'text-muted'}`}>{t(`favour.${next.step}`)}</p>
          {next.due && <Due at={next.due} />}
          {clock && (
            <div className="mt-3 flex gap-2 rounded-lg bg-canvas px-3 py-2">
              <Icon name="clock" className="mt-1 size-4" />
              <div><p className="font-medium">{t('next.otherwise')} {t(`clock.${clock.kind}`, { title: clock.title })}</p><DueLine at={clock.dueAt} /><Favour deadline={clock} side={side} /></div>
            </div>
          )}
          {next.step === 'confirm' && <Button className="mt-4" icon="lock" onClick={() => window.location.assign(address)}>{t('fund.confirmThere')}</Button>}
          {yours && acts && next.milestone && <div className="mt-4 empty:hidden"><MilestoneActions milestone={next.milestone} milestones={milestones} payments={payments} contract={contract} side={side} main /></div>}
        </div>
      </div>
    </section>
  );
}

/** How long until work is due. */
function Due({ at }: { at: string }) {
  const { t } = useI18n();
  const dates = useDates();
  const { text: time, over } = useTimeLeft(at);
  return (
    <p className="mt-3 inline-flex items-center gap-2 rounded-lg bg-canvas px-3 py-1.5 text-sm">
      <Icon name="clock" className="size-4" />
      <span className="figures">{over ? t('next.overdue', { time }) : t('next.dueIn', { time })}</span>
      <span className="text-muted">· <time dateTime={at.replace(' ', 'T')}>{dates.day(at)}</time></span>
    </p>
  );
}

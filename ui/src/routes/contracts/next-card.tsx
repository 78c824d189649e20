import { useEffect, useState } from 'react';
import { useI18n } from '../../i18n/i18n';
import { dateOf } from '../../lib/dates';
import type { Contract, Milestone, Payment } from '../../types';
import { Icon, type IconName } from '../../ui/icon';
import { useDates } from '../../ui/show';
import { MilestoneActions } from './milestone';
import { nextStep, type NextStep } from './next-step';

const icons: Record<NextStep['step'], IconName> = {
  fund: 'money', funding: 'clock', deliver: 'briefcase', decide: 'eye', rework: 'edit', releasing: 'clock', plan: 'plus', completed: 'check', ended: 'close',
};

interface Props {
  contract: Contract;
  milestones: readonly Milestone[];
  payments: readonly Payment[];
  side: 'client' | 'freelancer';
}

/** "What happens next": who has to act, by when, and in whose favour waiting is. */
export function NextCard({ contract, milestones, payments, side }: Props) {
  const { t } = useI18n();
  const next = nextStep(contract, milestones, payments);
  const yours = next.actor === side;
  const title = yours ? t('next.yours') : next.actor === 'client' ? t('next.theirsClient') : next.actor === 'freelancer' ? t('next.theirsFreelancer') : next.actor === 'server' ? t('next.server') : t('next.nothing');
  return (
    <section aria-labelledby="next-title" className={`rounded-2xl border p-5 ${yours ? 'border-primary bg-soft' : 'border-line bg-surface'}`}>
      <div className="flex gap-4">
        <span className={`flex size-11 shrink-0 items-center justify-center rounded-full ${yours ? 'bg-primary text-on-primary' : 'bg-sunken text-muted'}`}><Icon name={icons[next.step]} /></span>
        <div className="min-w-0 flex-1">
          <h2 id="next-title" className={`text-sm font-semibold ${yours ? 'text-strong' : 'text-muted'}`}>{title}</h2>
          <p className="text-lg font-semibold" aria-live="polite">{t(`next.${next.step}.${side}`, { title: next.milestone?.title ?? '' })}</p>
          <p className={`mt-1 ${yours ? 'text-ink' : 'text-muted'}`}>{t(`favour.${next.step}`)}</p>
          {next.due && <Countdown due={next.due} />}
          {yours && next.milestone && <div className="mt-4"><MilestoneActions milestone={next.milestone} payments={payments} contract={contract} side={side} main /></div>}
        </div>
      </div>
    </section>
  );
}

/** How long until work is due; ticks once a minute, once a second in the last hour. */
function Countdown({ due }: { due: string }) {
  const { t } = useI18n();
  const dates = useDates();
  const [, tick] = useState(0);
  const at = dateOf(due)?.getTime() ?? 0;
  const left = at - Date.now();
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), Math.abs(at - Date.now()) < 3_600_000 ? 1000 : 60_000);
    return () => clearInterval(timer);
  }, [at]);
  const days = Math.floor(Math.abs(left) / 86_400_000);
  const hours = Math.floor((Math.abs(left) % 86_400_000) / 3_600_000);
  const minutes = Math.floor((Math.abs(left) % 3_600_000) / 60_000);
  const time = days > 0 ? `${t('count.days', { count: days })} ${t('count.hours', { count: hours })}` : `${t('count.hours', { count: hours })} ${t('count.minutes', { count: minutes })}`;
  return (
    <p className="mt-3 inline-flex items-center gap-2 rounded-lg bg-canvas px-3 py-1.5 text-sm">
      <Icon name="clock" className="size-4" />
      <span className="figures">{left >= 0 ? t('next.dueIn', { time }) : t('next.overdue', { time })}</span>
      <span className="text-muted">· <time dateTime={due.replace(' ', 'T')}>{dates.day(due)}</time></span>
    </p>
  );
}

// What happens by itself if nobody acts: when, and in whose favour.
import { useI18n } from '../../i18n/i18n';
import type { Deadline } from '../../types';
import { lengthOf, useTimeLeft } from '../../ui/countdown';
import { Icon } from '../../ui/icon';
import { useDates } from '../../ui/show';

interface Props {
  deadlines: readonly Deadline[];
  side: 'client' | 'freelancer';
}

export function Clocks({ deadlines: all, side }: Props) {
  const { t } = useI18n();
  // Each of the two has a time to review, and it is the same one.
  const deadlines = all.filter((one) => one.kind !== 'review-window' || one.favour === side);
  if (deadlines.length === 0) return null;
  return (
    <section aria-labelledby="clocks-title" className="card p-5">
      <h2 id="clocks-title" className="text-lg font-semibold">{t('clocks.title')}</h2>
      <p className="mb-3 text-sm text-muted">{t('clocks.text')}</p>
      <ul className="divide-y divide-line">
        {deadlines.map((one) => <li key={one.id} className="py-3 first:pt-0 last:pb-0"><Clock deadline={one} side={side} /></li>)}
      </ul>
    </section>
  );
}

function Clock({ deadline, side }: { deadline: Deadline; side: 'client' | 'freelancer' }) {
  const { t } = useI18n();
  return (
    <div className="flex gap-3">
      <Icon name={deadline.status === 'paused' ? 'pause' : 'clock'} className="mt-0.5 size-5 text-muted" />
      <div className="min-w-0 flex-1">
        <p className="font-medium" dir="auto">{t(`clock.${deadline.kind}`, { title: deadline.title })}</p>
        {deadline.status === 'paused' ? <p className="text-sm text-muted">{t('clock.paused', { time: lengthOf(deadline.left, t) })}</p> : <DueLine at={deadline.dueAt} />}
        <Favour deadline={deadline} side={side} />
      </div>
    </div>
  );
}

/** Whom a deadline serves, as the person looking at it sees it. */
export function Favour({ deadline, side }: { deadline: Deadline; side: 'client' | 'freelancer' }) {
  const { t } = useI18n();
  const favour = deadline.favour === '' ? 'nobody' : deadline.favour === side ? 'you' : 'other';
  return <span className={`mt-1.5 inline-block rounded-full px-2.5 py-0.5 text-xs font-semibold ${favour === 'you' ? 'bg-soft text-strong' : favour === 'other' ? 'bg-warn-soft text-warn' : 'bg-sunken text-ink'}`}>{t(`favour.${favour}`)}</span>;
}

/** "in 3 days 4 hours · 12 Mar 2026". */
export function DueLine({ at }: { at: string }) {
  const { t } = useI18n();
  const dates = useDates();
  const left = useTimeLeft(at);
  return (
    <p className="text-sm text-muted">
      <span className="figures font-medium text-ink">{left.over ? t('clock.now') : t('clock.in', { time: left.text })}</span> · <time dateTime={at.replace(' ', 'T')}>{dates.moment(at)}</time>
    </p>
  );
}

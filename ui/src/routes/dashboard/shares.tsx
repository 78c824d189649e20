// Who or what brought (or took) the most.
import { Link } from 'react-router';
import { usePeople } from '../../data/people';
import { useI18n } from '../../i18n/i18n';
import { decimalsOf } from '../../lib/money';
import type { Share } from '../../types';
import { Money } from '../../ui/show';
import { ChartCard } from './chart-card';

interface Props {
  title: string;
  shares: readonly Share[];
  currency: string;
  /** File name of the CSV. */
  name: string;
  /** The shares are people, whose names have to be asked for. */
  people?: boolean;
}

export function Shares({ title, shares, currency, name, people = false }: Props) {
  const { t } = useI18n();
  const known = usePeople(people ? shares.map((share) => share.id) : []);
  const label = (share: Share) => (people ? known.data?.get(share.id)?.name : share.title) || t('person.unnamed');
  const most = Math.max(1, ...shares.map((share) => share.amount));
  return (
    <ChartCard title={title} explain={people ? t('shares.people') : t('shares.projects')} name={`${name}-${currency}`}
      header={[people ? t('shares.person') : t('project.title'), t('months.amount')]}
      rows={shares.map((share) => [label(share), <Money key={share.id} amount={share.amount} currency={currency} />])}
      figures={shares.map((share) => [label(share), (share.amount / 10 ** decimalsOf(currency)).toFixed(decimalsOf(currency))])}>
      <ul className="space-y-3">
        {shares.slice(0, 5).map((share) => (
          <li key={share.id}>
            <p className="flex justify-between gap-4"><Link to={people ? `/people/${share.id}` : `/projects/${share.id}`} className="truncate hover:underline" dir="auto">{label(share)}</Link><Money amount={share.amount} currency={currency} className="font-semibold" /></p>
            <div aria-hidden="true" className="mt-1 h-2 overflow-hidden rounded-full bg-sunken"><div className="h-full rounded-full bg-[var(--chart-1)]" style={{ width: `${(share.amount / most) * 100}%` }} /></div>
          </li>
        ))}
      </ul>
    </ChartCard>
  );
}

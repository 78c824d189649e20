// The proposals in one table, sorted by its headings. On a phone it scrolls
// sideways and the names stay.
import { useI18n } from '../../i18n/i18n';
import { numberFormat } from '../../lib/intl';
import { Icon } from '../../ui/icon';
import { Ago, Money, Status, useName } from '../../ui/show';
import { Rating } from '../../ui/stars';
import { bestFirst, columns, type Column, type Offered, type Order } from './offers';

interface Props {
  offers: readonly Offered[];
  cheapest: ReadonlySet<string>;
  order: Order;
  onOrder: (order: Order) => void;
}

const line = 'border-b border-line align-middle whitespace-nowrap';
const cell = `${line} px-3 py-2.5`;
const fixed = 'sticky start-0 z-10 bg-surface';

export function CompareTable({ offers, cheapest, order, onOrder }: Props) {
  const { t } = useI18n();
  return (
    <div className="card relative mb-6 overflow-x-auto" role="region" aria-label={t('compare.table')} tabIndex={0}>
      <table className="w-full border-separate border-spacing-0 text-sm">
        <caption className="sr-only">{t('compare.caption')}</caption>
        <thead>
          <tr>
            <th scope="col" className={`${cell} ${fixed} text-start font-medium text-muted`}>{t('role.freelancer')}</th>
            {columns.map((column) => <Heading key={column} column={column} order={order} onOrder={onOrder} />)}
            <th scope="col" className={`${cell} text-start font-medium text-muted`}>{t('compare.status')}</th>
          </tr>
        </thead>
        <tbody>{offers.map((one) => <Row key={one.proposal.id} offer={one} lowest={cheapest.has(one.proposal.id)} />)}</tbody>
      </table>
    </div>
  );
}

function Heading({ column, order, onOrder }: { column: Column; order: Order; onOrder: (order: Order) => void }) {
  const { t } = useI18n();
  const sorted = order.by === column;
  const turn = order.way === 'ascending' ? 'descending' : 'ascending';
  return (
    <th scope="col" aria-sort={sorted ? order.way : 'none'} className={`${line} px-1 text-start font-medium`}>
      <button type="button" onClick={() => onOrder({ by: column, way: sorted ? turn : bestFirst[column] })}
        className={`inline-flex min-h-9 items-center gap-1 rounded-lg px-2 hover:bg-sunken ${sorted ? 'text-ink' : 'text-muted'}`}>
        {t(`compare.by.${column}`)}
        <Icon name="down" className={`size-3.5 ${sorted ? '' : 'opacity-0'} ${order.way === 'ascending' ? 'rotate-180' : ''}`} />
      </button>
    </th>
  );
}

function Row({ offer: { proposal, person }, lowest }: { offer: Offered; lowest: boolean }) {
  const { t, locale } = useI18n();
  const name = useName();
  const over = proposal.status !== 'submitted' && proposal.status !== 'accepted';
  return (
    <tr className={over ? 'text-muted' : ''}>
      <th scope="row" className={`${cell} ${fixed} max-w-40 text-start font-medium sm:max-w-64`}>
        <a href={`#offer-${proposal.id}`} className="block truncate text-primary underline" dir="auto">{name(person ?? proposal.expand?.freelancer)}</a>
      </th>
      <td className={cell}><Money amount={proposal.amount} currency={proposal.currency} className="font-semibold" />{lowest && <span className="ms-1.5 text-strong">{t('compare.lowest')}</span>}</td>
      <td className={`${cell} figures`}>{proposal.days > 0 ? t('count.days', { count: proposal.days }) : <None />}</td>
      <td className={cell}>{person?.reviewCount ? <Rating rating={person.rating} reviews={person.reviewCount} /> : <None />}</td>
      <td className={`${cell} figures`}>{person ? numberFormat(locale).format(person.completedContracts) : <None />}</td>
      <td className={`${cell} figures`}>{numberFormat(locale).format(proposal.milestones?.length || 1)}</td>
      <td className={cell}><Ago at={proposal.created} /></td>
      <td className={cell}><Status of="proposal" status={proposal.status} /></td>
    </tr>
  );
}

/** A cell with nothing in it says so. */
function None() {
  const { t } = useI18n();
  return <><span aria-hidden="true">–</span><span className="sr-only">{t('compare.unknown')}</span></>;
}

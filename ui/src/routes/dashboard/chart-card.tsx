// A chart with its meaning, its figures as a table, and those as CSV.
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n';
import { downloadCsv, toCsv } from '../../lib/csv';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Card } from '../../ui/page';

interface Props {
  title: string;
  /** What the figures mean. */
  explain: string;
  /** File name without extension. */
  name: string;
  header: string[];
  /** What the table shows. */
  rows: ReactNode[][];
  /** The same rows as plain figures for the CSV. */
  figures: (string | number)[][];
  actions?: ReactNode;
  children: ReactNode;
}

export function ChartCard({ title, explain, name, header, rows, figures, actions, children }: Props) {
  const { t } = useI18n();
  return (
    <Card title={title} actions={actions}>
      <p className="-mt-1 mb-4 text-sm text-muted">{explain}</p>
      {children}
      <details className="group mt-4 border-t border-line pt-2">
        <summary className="flex min-h-10 items-center gap-2 text-sm font-medium text-muted hover:text-ink"><Icon name="down" className="size-4 transition-transform group-open:rotate-180" />{t('chart.table')}</summary>
        <div className="mt-2 max-h-80 overflow-auto" tabIndex={0} role="region" aria-label={title}>
          <table className="w-full text-sm">
            <thead><tr className="border-b border-line text-muted">{header.map((cell, index) => <th key={cell} scope="col" className={`py-2 font-medium ${index === 0 ? 'text-start' : 'ps-4 text-end'}`}>{cell}</th>)}</tr></thead>
            <tbody>{rows.map((row, index) => (
              <tr key={index} className="border-b border-line last:border-0">{row.map((cell, column) => column === 0 ? <th key={column} scope="row" className="py-2 text-start font-normal" dir="auto">{cell}</th> : <td key={column} className="figures py-2 ps-4 text-end">{cell}</td>)}</tr>
            ))}</tbody>
          </table>
        </div>
        <Button look="plain" small icon="download" className="mt-3" onClick={() => downloadCsv(`lancershub-${name}.csv`, toCsv(header, figures))}>{t('chart.csv')}</Button>
      </details>
    </Card>
  );
}

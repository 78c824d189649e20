// What was made for a milestone: files with their versions, and handing in new ones.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { filter, projects } from '../../api';
import { keys } from '../../data/keys';
import { useI18n } from '../../i18n/i18n';
import { formatSize } from '../../lib/size';
import { upload } from '../../live/uploads';
import type { Deliverable, Milestone } from '../../types';
import { Button } from '../../ui/button';
import { ErrorNotice } from '../../ui/feedback';
import { FileLink } from '../../ui/files';
import { Ago } from '../../ui/show';
import { UploadList } from '../../ui/upload-list';

/** Where a freelancer can add files (services/deliverables.go). */
const open: readonly Milestone['status'][] = ['funded', 'submitted', 'changes_requested'];

export function Deliverables({ milestone, side }: { milestone: Milestone; side: 'client' | 'freelancer' }) {
  const { t, locale } = useI18n();
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const queryKey = [...keys.milestones, 'deliverables', milestone.id];
  const query = useQuery({ queryKey, queryFn: () => projects.deliverables.getFullList({ filter: filter('milestone = {:milestone}', { milestone: milestone.id }), sort: 'name,-version' }), enabled: milestone.status !== 'planned' });
  const send = (files: FileList | null) => {
    for (const file of files ?? []) void upload(file, { target: 'milestone', subject: milestone.id }).catch(() => undefined).then(() => queries.invalidateQueries({ queryKey }));
  };
  const canAdd = side === 'freelancer' && open.includes(milestone.status);
  const list = query.data ?? [];
  if (milestone.status === 'planned' || (list.length === 0 && !canAdd)) return null;
  return (
    <div className="mt-3 space-y-2" onDragOver={(event) => { if (canAdd) event.preventDefault(); }} onDrop={(event) => { if (canAdd) { event.preventDefault(); send(event.dataTransfer.files); } }}>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      <ul aria-label={t('deliverables.title')} className="space-y-1 empty:hidden">{list.map((one) => <Row key={one.id} one={one} locale={locale} />)}</ul>
      <UploadList subject={milestone.id} />
      {canAdd && (
        <>
          <input ref={input} type="file" multiple hidden data-deliverables onChange={(event) => { send(event.target.files); event.target.value = ''; }} />
          <Button look="plain" small icon="upload" onClick={() => input.current?.click()}>{t('deliverables.add')}</Button>
        </>
      )}
    </div>
  );
}

function Row({ one, locale }: { one: Deliverable; locale: string }) {
  const { t } = useI18n();
  return (
    <li className="flex flex-wrap items-center gap-x-3 text-sm">
      <FileLink domain="projects" record={one} file={one.file} label={one.name} />
      <span className="text-muted">{t('deliverables.version', { count: one.version })} · <bdi>{formatSize(one.size, locale)}</bdi> · <Ago at={one.created} />{!one.submittedAt && ` · ${t('deliverables.draft')}`}</span>
    </li>
  );
}

// My saved searches: renamed, paused, deleted, and run again.
import { useState } from 'react';
import { Link } from 'react-router';
import { addressOf, maxSearches, useChangeSearches, useSearches } from '../../data/searches';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import type { SavedSearch } from '../../types';
import { Button, LinkButton } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { Empty, ErrorNotice, SkeletonRows, useToast } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { useSearchText } from './search-text';

export default function Searches() {
  const { t } = useI18n();
  const query = useSearches();
  return (
    <>
      <h2 className="sr-only">{t('searches.title')}</h2>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      {query.isPending && <SkeletonRows className="h-24" />}
      {query.data?.length === 0 && <Empty icon="search" title={t('searches.none')} text={t('searches.noneText')}><LinkButton to="/projects">{t('nav.find')}</LinkButton></Empty>}
      <ul className="space-y-3">{query.data?.map((search) => <Row key={search.id} search={search} />)}</ul>
      {(query.data?.length ?? 0) > 0 && <p className="mt-4 text-sm text-muted">{t('searches.limit', { count: query.data?.length ?? 0, max: maxSearches })}</p>}
    </>
  );
}

function Row({ search }: { search: SavedSearch }) {
  const { t } = useI18n();
  const say = useToast();
  const describe = useSearchText();
  const [dialog, setDialog] = useState<'rename' | 'delete' | null>(null);
  const [name, setName] = useState('');
  const close = () => setDialog(null);
  const pausing = useChangeSearches(() => say(t('state.saved')));
  const changing = useChangeSearches(() => { close(); say(dialog === 'delete' ? t('searches.deleted') : t('state.saved')); });
  const begin = (what: 'rename' | 'delete') => { changing.reset(); setName(search.name); setDialog(what); };
  return (
    <li className="card flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-4 sm:p-5">
      <div className="min-w-0 flex-1 basis-60">
        <h3 className="truncate font-semibold" dir="auto"><Link to={addressOf(search)} className="hover:underline">{search.name}</Link></h3>
        <p className="text-sm wrap-anywhere text-muted" dir="auto">{describe(search)}</p>
        {search.paused && <p className="mt-1 text-sm font-medium text-warn">{t('searches.paused')}</p>}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button look="plain" small busy={pausing.isPending} aria-label={`${search.paused ? t('searches.resume') : t('searches.pause')}: ${search.name}`}
          onClick={() => pausing.mutate({ id: search.id, values: { paused: !search.paused } })}>{search.paused ? t('searches.resume') : t('searches.pause')}</Button>
        <Button look="plain" small aria-label={`${t('searches.rename')}: ${search.name}`} onClick={() => begin('rename')}>{t('searches.rename')}</Button>
        <Button look="danger" small aria-label={`${t('searches.delete')}: ${search.name}`} onClick={() => begin('delete')}>{t('searches.delete')}</Button>
      </div>
      <ErrorNotice error={pausing.error} />
      <Dialog open={dialog !== null} title={dialog === 'delete' ? t('searches.delete') : t('searches.rename')} onClose={close}>
        <form className="space-y-4" onSubmit={(event) => { event.preventDefault(); changing.mutate({ id: search.id, values: dialog === 'delete' ? null : { name: name.trim() } }); }}>
          {dialog === 'delete'
            ? <p className="text-muted">{t('searches.deleteText', { name: search.name })}</p>
            : <Input label={t('searches.name')} name="name" dir="auto" required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} error={failureOf(changing.error).fields.name} />}
          <DialogActions error={changing.error} onCancel={close} look={dialog === 'delete' ? 'danger' : 'primary'} busy={changing.isPending}>{dialog === 'delete' ? t('searches.delete') : t('action.save')}</DialogActions>
        </form>
      </Dialog>
    </li>
  );
}

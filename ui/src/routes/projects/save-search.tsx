// Saving the search one looks at; loaded for freelancers only.
import { useState } from 'react';
import { Link } from 'react-router';
import { savedAs, toSaved, useChangeSearches, useSearches } from '../../data/searches';
import type { ProjectSearch } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { focusFirstInvalid } from '../../lib/focus';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogActions } from '../../ui/dialog-actions';
import { useToast } from '../../ui/feedback';
import { Input } from '../../ui/field';
import { useSearchText } from '../work/search-text';

export default function SaveSearch({ search }: { search: ProjectSearch }) {
  const { t } = useI18n();
  const say = useToast();
  const all = useSearches();
  const describe = useSearchText();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const [checked, setChecked] = useState(false);
  const saving = useChangeSearches(() => { setOpen(false); say(t('searches.saved')); });
  if (!all.data) return null;
  const same = savedAs(search, all.data);
  if (same) return <Link to="/work/searches" className="inline-flex min-h-9 items-center font-medium text-primary underline">{t('searches.isSaved', { name: same.name })}</Link>;
  return (
    <>
      <Button look="plain" small icon="bell" onClick={() => { saving.reset(); setChecked(false); setName(describe(toSaved(search)).slice(0, 80)); setOpen(true); }}>{t('searches.save')}</Button>
      <Dialog open={open} title={t('searches.save')} onClose={() => setOpen(false)}>
        <form noValidate className="space-y-4" onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (name.trim()) saving.mutate({ values: { name: name.trim(), ...toSaved(search) } });
          else focusFirstInvalid(event.currentTarget);
        }}>
          <p className="text-muted">{t('searches.saveText')}</p>
          <p dir="auto" className="rounded-xl bg-sunken px-4 py-2.5">{describe(toSaved(search))}</p>
          <Input label={t('searches.name')} name="name" dir="auto" required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} error={checked && !name.trim() ? 'required' : failureOf(saving.error).fields.name} />
          <DialogActions error={saving.error} onCancel={() => setOpen(false)} busy={saving.isPending}>{t('action.save')}</DialogActions>
        </form>
      </Dialog>
    </>
  );
}

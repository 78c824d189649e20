// Posting and editing a project: write, preview as others will see it, save or publish.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { command, projects } from '../../api';
import { hasRole, useMe } from '../../data/me';
import { keys } from '../../data/keys';
import { useProject } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { endOfDay } from '../../lib/dates';
import { failureOf } from '../../lib/errors';
import { focusFirstInvalid } from '../../lib/focus';
import { useKept } from '../../lib/kept';
import { currencies } from '../../lib/money';
import type { Project } from '../../types';
import { Button } from '../../ui/button';
import { ErrorNotice, Notice, SkeletonRows, useToast } from '../../ui/feedback';
import { Input, Select, Textarea } from '../../ui/field';
import { MoneyInput } from '../../ui/money-input';
import { Card, Page } from '../../ui/page';
import { FilesField } from '../../ui/files';
import { ProjectBody } from './body';
import { categories, categoryName } from './categories';

export default function EditProject() {
  const { id } = useParams();
  const { t } = useI18n();
  const me = useMe();
  const before = useProject(id ?? '');
  const title = id ? t('edit.title') : t('edit.newTitle');
  const back = { to: id ? `/projects/${id}` : '/work/projects', label: id ? t('project.title') : t('work.projects') };
  if (!hasRole(me, 'client')) {
    return <Page title={title} width="narrow"><Notice>{t('edit.needsRole')} <Link to="/account" className="font-medium underline">{t('nav.account')}</Link></Notice></Page>;
  }
  return (
    <Page title={title} back={back} width="narrow">
      {id && before.isPending && <SkeletonRows count={3} />}
      <ErrorNotice error={before.error} onRetry={() => void before.refetch()} />
      {(!id || before.data) && <Form key={id ?? 'new'} before={before.data} currency={me?.currency || 'EUR'} />}
    </Page>
  );
}

type Values = Pick<Project, 'title' | 'description' | 'category' | 'budgetType' | 'currency' | 'deadline'> & { skills: string; budgetMin: number | null; budgetMax: number | null };

function Form({ before, currency }: { before?: Project; currency: string }) {
  const { t } = useI18n();
  const say = useToast();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [preview, setPreview] = useState(false);
  const [checked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const [files, setFiles] = useState<File[]>([]);
  const [values, setValues, forget] = useKept<Values>(before ? '' : 'project', {
    title: before?.title ?? '', description: before?.description ?? '', category: before?.category ?? '', budgetType: before?.budgetType ?? 'fixed',
    currency: before?.currency ?? currency, deadline: (before?.deadline ?? '').slice(0, 10),
    skills: (before?.skills ?? []).join(', '), budgetMin: before?.budgetMin || null, budgetMax: before?.budgetMax || null,
  });
  const set = <K extends keyof Values>(name: K) => (value: Values[K]) => setValues((old) => ({ ...old, [name]: value }));
  const record = {
    ...values, title: values.title.trim(), deadline: endOfDay(values.deadline), budgetMin: values.budgetMin ?? 0, budgetMax: values.budgetMax ?? 0,
    skills: [...new Set(values.skills.split(/[,،\n]/).map((skill) => skill.trim()).filter(Boolean))].slice(0, 20),
  };
  const saving = useMutation({
    mutationFn: async (publish: boolean) => {
      const sent = files.length > 0 ? { ...record, 'attachments+': files } : record;
      const saved = before ? await projects.projects.update(before.id, sent) : await projects.projects.create(sent);
      setFiles([]);
      forget();
      if (publish) {
        try {
          await command('projects', `projects/${saved.id}/publish`, {}, crypto.randomUUID());
        } catch (error) {
          if (!before) void navigate(`/projects/${saved.id}/edit`, { replace: true }); // it is stored: do not create it twice
          throw error;
        }
      }
      return saved;
    },
    onSuccess: async (saved, publish) => {
      await queries.invalidateQueries({ queryKey: keys.projects });
      say(publish ? t('project.published') : t('state.saved'));
      void navigate(`/projects/${saved.id}`);
    },
  });
  const fields = failureOf(saving.error).fields;
  const titleError = checked && values.title.trim().length < 3 ? 'too_short' : fields.title;
  const rangeError = checked && values.budgetMin && values.budgetMax && values.budgetMin > values.budgetMax ? 'range' : undefined;
  const save = (publish: boolean) => {
    setChecked(true);
    if (values.title.trim().length < 3 || (values.budgetMin && values.budgetMax && values.budgetMin > values.budgetMax)) {
      setPreview(false);
      if (form.current) focusFirstInvalid(form.current);
      return;
    }
    saving.mutate(publish);
  };
  const draft = !before || before.status === 'draft';
  const tab = 'min-h-10 flex-1 rounded-lg px-4 font-medium text-muted aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-card';
  return (
    <form ref={form} noValidate onSubmit={(event) => { event.preventDefault(); save(draft); }}>
      <div className="mb-5 flex gap-1 rounded-xl bg-sunken p-1">
        <button type="button" className={tab} aria-pressed={!preview} onClick={() => setPreview(false)}>{t('edit.write')}</button>
        <button type="button" className={tab} aria-pressed={preview} onClick={() => setPreview(true)}>{t('edit.preview')}</button>
      </div>
      {preview ? (
        <Card><h2 className="mb-4 text-2xl font-bold" dir="auto">{record.title || t('edit.untitled')}</h2><ProjectBody project={record} /></Card>
      ) : (
        <Card>
          <div className="space-y-5">
            <Input label={t('edit.field.title')} name="title" dir="auto" value={values.title} maxLength={140} required onChange={(event) => set('title')(event.target.value)} error={titleError} hint={t('edit.field.titleHint')} />
            <Textarea label={t('edit.field.description')} name="description" rows={9} value={values.description} maxLength={20000} onChange={(event) => set('description')(event.target.value)} error={fields.description} hint={t('edit.field.descriptionHint')} />
            <FilesField label={t('files.attachments')} files={files} onChange={setFiles} stored={before?.attachments?.length ?? 0} />
            <div className="grid gap-5 sm:grid-cols-2">
              <Select label={t('project.category')} name="category" value={values.category} onChange={(event) => set('category')(event.target.value)} optional>
                <option value="">–</option>
                {[...new Set<string>([...categories, values.category])].filter(Boolean).map((category) => <option key={category} value={category}>{categoryName(category, t)}</option>)}
              </Select>
              <Input label={t('project.deadline')} name="deadline" type="date" value={values.deadline} onChange={(event) => set('deadline')(event.target.value)} optional error={fields.deadline} />
            </div>
            <Input label={t('edit.field.skills')} name="skills" dir="auto" value={values.skills} onChange={(event) => set('skills')(event.target.value)} optional hint={t('edit.field.skillsHint')} error={fields.skills} />
            <fieldset>
              <legend className="mb-3 font-semibold">{t('project.budget')}</legend>
              <div className="grid gap-5 sm:grid-cols-2">
                <Select label={t('edit.field.budgetType')} name="budgetType" value={values.budgetType} onChange={(event) => set('budgetType')(event.target.value as Values['budgetType'])}>
                  <option value="fixed">{t('budget.fixed')}</option>
                  <option value="hourly">{t('budget.hourly')}</option>
                </Select>
                <Select label={t('browse.currency')} name="currency" value={values.currency} onChange={(event) => set('currency')(event.target.value)}>
                  {currencies.map((code) => <option key={code}>{code}</option>)}
                </Select>
                <MoneyInput key={`min-${values.currency}`} label={t('edit.field.min')} name="budgetMin" currency={values.currency} value={values.budgetMin} onChange={set('budgetMin')} optional error={rangeError} />
                <MoneyInput key={`max-${values.currency}`} label={t('edit.field.max')} name="budgetMax" currency={values.currency} value={values.budgetMax} onChange={set('budgetMax')} optional />
              </div>
            </fieldset>
          </div>
        </Card>
      )}
      <div className="mt-5 space-y-4">
        {before?.status === 'open' && <Notice tone="warn" icon="info">{t('edit.openNote')}</Notice>}
        <ErrorNotice error={saving.error} />
        <div className="flex flex-wrap justify-end gap-2">
          {draft ? (
            <>
              <Button look="plain" busy={saving.isPending && !saving.variables} disabled={saving.isPending} onClick={() => save(false)}>{t('edit.saveDraft')}</Button>
              <Button type="submit" busy={saving.isPending && saving.variables} disabled={saving.isPending}>{t('edit.publish')}</Button>
            </>
          ) : <Button type="submit" busy={saving.isPending}>{t('action.save')}</Button>}
        </div>
      </div>
    </form>
  );
}

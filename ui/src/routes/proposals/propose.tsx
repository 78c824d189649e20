// Writing a proposal, or changing one that nobody has decided on.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { projects } from '../../api';
import { keys } from '../../data/keys';
import { useI18n } from '../../i18n/i18n';
import { failureOf } from '../../lib/errors';
import { focusFirstInvalid } from '../../lib/focus';
import { useKept } from '../../lib/kept';
import type { Project, Proposal, ProposedMilestone } from '../../types';
import { Button } from '../../ui/button';
import { FeePreviewTable } from '../../ui/fee-table';
import { ErrorNotice, useToast } from '../../ui/feedback';
import { Choice, Input, Textarea } from '../../ui/field';
import { FilesField } from '../../ui/files';
import { MoneyInput } from '../../ui/money-input';
import { Card } from '../../ui/page';
import { isComplete, newStep, StepsField, sumOf, toMilestone, type Step } from './steps';

interface ProposalValues {
  amount: number;
  days: number;
  coverLetter: string;
  milestones: ProposedMilestone[] | null;
  'samples+'?: File[];
}

interface FormProps {
  currency: string;
  /** Of the project: fees may depend on it. */
  category: string;
  before?: Proposal;
  /** The name under which what is written is kept until it is sent. */
  keep?: string;
  save: (values: ProposalValues) => Promise<unknown>;
  submit: string;
  done: string;
  onDone?: () => void;
}

interface Written {
  whole: number | null;
  days: string;
  coverLetter: string;
}

export function ProposalForm({ currency, category, before, keep = '', save, submit, done, onDone }: FormProps) {
  const { t } = useI18n();
  const say = useToast();
  const queries = useQueryClient();
  const [{ whole, days, coverLetter }, setWritten, forget] = useKept<Written>(keep, { whole: before?.amount ?? null, days: before ? String(before.days) : '', coverLetter: before?.coverLetter ?? '' });
  const write = (change: Partial<Written>) => setWritten((old) => ({ ...old, ...change }));
  // None: one payment for the whole.
  const [steps, setSteps] = useState<Step[]>(() => before?.milestones?.map(newStep) ?? []);
  const inSteps = steps.length > 0;
  const amount = inSteps ? sumOf(steps) : whole;
  const [files, setFiles] = useState<File[]>([]);
  const [missing, setMissing] = useState(false);
  const saving = useMutation({
    mutationFn: save,
    onSuccess: async () => {
      forget();
      await Promise.all([keys.proposals, keys.projects].map((queryKey) => queries.invalidateQueries({ queryKey })));
      say(done);
      onDone?.();
    },
  });
  const failure = failureOf(saving.error);
  const fields = failure.fields;
  return (
    <form noValidate className="space-y-4" onSubmit={(event) => {
      event.preventDefault();
      const complete = Boolean(amount) && steps.every(isComplete);
      setMissing(!complete);
      if (amount && complete) saving.mutate({ amount, days: Number(days) || 0, coverLetter: coverLetter.trim(), milestones: inSteps ? steps.map(toMilestone) : null, ...(files.length > 0 ? { 'samples+': files } : {}) });
      else focusFirstInvalid(event.currentTarget);
    }}>
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">{t('propose.pay')}</legend>
        <div className="grid gap-2">
          <Choice name="pay" value="whole" checked={!inSteps} onChange={() => { write({ whole: amount || null }); setSteps([]); }} title={t('propose.payWhole')} />
          <Choice name="pay" value="steps" checked={inSteps} onChange={() => setSteps([newStep(), newStep()])} title={t('propose.paySteps')} text={t('propose.payStepsText')} />
        </div>
      </fieldset>
      {inSteps
        ? <StepsField currency={currency} steps={steps} onChange={setSteps} checked={missing} failure={failure} />
        : <MoneyInput label={t('propose.amount')} name="amount" currency={currency} value={whole} onChange={(whole) => write({ whole })} required error={missing && !whole ? 'required' : fields.amount} />}
      {amount !== null && amount > 0 && <FeePreviewTable of={{ amount, currency, category }} side="freelancer" />}
      <Input label={t('propose.days')} name="days" type="number" min={1} max={3650} inputMode="numeric" value={days} onChange={(event) => write({ days: event.target.value })} optional error={fields.days} />
      <Textarea label={t('propose.letter')} name="coverLetter" value={coverLetter} maxLength={10000} rows={7} onChange={(event) => write({ coverLetter: event.target.value })} hint={t('propose.letterHint')} error={fields.coverLetter} />
      <FilesField label={t('files.samples')} files={files} onChange={setFiles} stored={before?.samples?.length ?? 0} />
      <ErrorNotice error={saving.error} />
      <Button type="submit" busy={saving.isPending} className="w-full">{submit}</Button>
    </form>
  );
}

export function Propose({ project }: { project: Project }) {
  const { t } = useI18n();
  return (
    <Card title={t('propose.title')}>
      <ProposalForm currency={project.currency} category={project.category} keep={`proposal ${project.id}`} submit={t('propose.send')} done={t('propose.sent')}
        save={(values) => projects.proposals.create({ project: project.id, currency: project.currency, ...values, days: values.days || undefined })} />
    </Card>
  );
}

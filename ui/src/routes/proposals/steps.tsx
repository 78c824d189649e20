// The milestones of a proposal: a field to write them in, and how they are shown.
import { useRef } from 'react';
import { useI18n } from '../../i18n/i18n';
import { endOfDay } from '../../lib/dates';
import type { Failure } from '../../lib/errors';
import type { ProposedMilestone } from '../../types';
import { Button, IconButton } from '../../ui/button';
import { Input } from '../../ui/field';
import { MoneyInput } from '../../ui/money-input';
import { Money, useDates } from '../../ui/show';

/** The server takes this many (services.MaxProposedMilestones). */
export const maxSteps = 20;

/** A milestone while it is written. */
export interface Step {
  key: number;
  title: string;
  amount: number | null;
  /** A day, as <input type="date"> has it. */
  due: string;
}

let lastKey = 0;
export const newStep = (before?: ProposedMilestone): Step => ({ key: ++lastKey, title: before?.title ?? '', amount: before?.amount ?? null, due: (before?.dueAt ?? '').slice(0, 10) });
export const sumOf = (steps: readonly Step[]) => steps.reduce((sum, step) => sum + (step.amount ?? 0), 0);
export const isComplete = (step: Step) => step.title.trim() !== '' && Boolean(step.amount);
export const toMilestone = (step: Step): ProposedMilestone => ({ title: step.title.trim(), amount: step.amount ?? 0, dueAt: endOfDay(step.due) });

interface Props {
  currency: string;
  steps: readonly Step[];
  onChange: (steps: Step[]) => void;
  /** Marks what is not filled in. */
  checked: boolean;
  failure: Failure;
}

/** What the server says about a part of a milestone. */
function errorOf(failure: Failure, row: number, part: string): string | undefined {
  return failure.data.field === 'milestones' && failure.data.row === row && failure.data.part === part ? failure.code : undefined;
}

export function StepsField({ currency, steps, onChange, checked, failure }: Props) {
  const { t } = useI18n();
  const list = useRef<HTMLOListElement>(null);
  const set = (key: number, change: Partial<Step>) => onChange(steps.map((step) => (step.key === key ? { ...step, ...change } : step)));
  /** After the list has been drawn: whoever works with the keyboard goes on where they were. */
  const focusRow = (row: number) => requestAnimationFrame(() => list.current?.querySelectorAll<HTMLElement>('[name="stepTitle"]')[row]?.focus());
  return (
    <div className="space-y-3">
      <ol ref={list} className="space-y-3">
        {steps.map((step, index) => (
          <li key={step.key}>
            <fieldset className="@container rounded-xl border border-line p-3 sm:p-4">
              <legend className="px-1 text-sm font-semibold">{t('propose.step', { count: index + 1 })}</legend>
              <div className="flex items-start gap-2">
                <Input className="min-w-0 flex-1" label={t('propose.stepTitle')} name="stepTitle" dir="auto" maxLength={140} required value={step.title} onChange={(event) => set(step.key, { title: event.target.value })}
                  error={checked && !step.title.trim() ? 'required' : errorOf(failure, index + 1, 'title')} />
                {steps.length > 1 && (
                  <IconButton icon="close" className="mt-6.5" label={t('propose.stepRemove', { count: index + 1 })}
                    onClick={() => { onChange(steps.filter((one) => one.key !== step.key)); focusRow(Math.min(index, steps.length - 2)); }} />
                )}
              </div>
              <div className="mt-3 grid gap-3 @sm:grid-cols-2">
                <MoneyInput label={t('milestone.amount')} name="stepAmount" currency={currency} required value={step.amount} onChange={(amount) => set(step.key, { amount })}
                  error={checked && !step.amount ? 'required' : errorOf(failure, index + 1, 'amount')} />
                <Input label={t('milestone.dueField')} name="stepDue" type="date" optional value={step.due} onChange={(event) => set(step.key, { due: event.target.value })} error={errorOf(failure, index + 1, 'dueAt')} />
              </div>
            </fieldset>
          </li>
        ))}
      </ol>
      {steps.length < maxSteps
        ? <Button look="plain" small icon="plus" onClick={() => { onChange([...steps, newStep()]); focusRow(steps.length); }}>{t('propose.stepAdd')}</Button>
        : <p className="text-sm text-muted">{t('propose.stepLimit', { count: maxSteps })}</p>}
      <p className="flex flex-wrap items-baseline justify-between gap-2 border-t border-line pt-3" aria-live="polite">
        <span className="font-medium">{t('propose.sum')}</span> <Money amount={sumOf(steps)} currency={currency} className="text-xl font-bold" />
      </p>
    </div>
  );
}

/** The milestones as they were offered. */
export function StepsList({ steps, currency }: { steps: readonly ProposedMilestone[] | null | undefined; currency: string }) {
  const { t } = useI18n();
  const dates = useDates();
  if (!steps?.length) return null;
  return (
    <section className="mt-4">
      <h3 className="mb-1 text-sm text-muted">{t('proposal.milestones')}</h3>
      <ol className="divide-y divide-line border-y border-line">
        {steps.map((step, index) => (
          <li key={index} className="flex items-baseline justify-between gap-3 py-2">
            <span className="min-w-0"><bdi className="wrap-anywhere">{step.title}</bdi>{step.dueAt && <span className="block text-sm text-muted">{t('milestone.due', { date: dates.day(step.dueAt) })}</span>}</span>
            <Money amount={step.amount} currency={currency} className="shrink-0 font-medium" />
          </li>
        ))}
      </ol>
    </section>
  );
}

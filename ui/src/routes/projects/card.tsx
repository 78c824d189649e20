import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useI18n } from '../../i18n/i18n';
import type { Project } from '../../types';
import { Ago, Money, Tags } from '../../ui/show';
import { categoryName } from './categories';

/** A project's budget: a range, a limit, or "open to offers". */
export function Budget({ project, className = '' }: { project: Pick<Project, 'budgetMin' | 'budgetMax' | 'currency' | 'budgetType'>; className?: string }) {
  const { t } = useI18n();
  const { budgetMin: low, budgetMax: high, currency } = project;
  return (
    <span className={className}>
      {low > 0 && high > low ? <><Money amount={low} currency={currency} trim /> – <Money amount={high} currency={currency} trim /></>
        : high > 0 ? <Money amount={high} currency={currency} trim />
          : low > 0 ? <>{t('budget.from')} <Money amount={low} currency={currency} trim /></>
            : <span className="font-normal text-muted">{t('budget.open')}</span>}
      {(low > 0 || high > 0) && project.budgetType === 'hourly' && <span className="font-normal text-muted"> {t('budget.perHour')}</span>}
    </span>
  );
}

interface FrameProps {
  level: 2 | 3;
  title: ReactNode;
  budget: ReactNode;
  facts: ReactNode;
  description: ReactNode;
  tags: ReactNode;
}

/** Where everything on a card stands: for the list, and for the one that the server writes (src/first.tsx). */
export function CardFrame({ level, title, budget, facts, description, tags }: FrameProps) {
  const Heading = `h${level}` as const;
  return (
    <article className="card relative p-5 transition-colors hover:border-edge">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
        <Heading className="text-lg font-semibold" dir="auto">{title}</Heading>
        {budget}
      </div>
      <p className="mt-1 flex flex-wrap gap-x-2 text-sm text-muted">{facts}</p>
      {description && <p className="mt-3 line-clamp-2 text-muted" dir="auto">{description}</p>}
      <div className="mt-3 empty:hidden">{tags}</div>
    </article>
  );
}

/** The link that makes the whole card pressable. */
export const cardLink = 'after:absolute after:inset-0 after:rounded-[14px]';

/** One project in a list. The whole card can be pressed; the title is the link. */
export function ProjectCard({ project, level = 2 }: { project: Project; level?: 2 | 3 }) {
  const { t } = useI18n();
  return (
    <CardFrame level={level} title={<Link to={`/projects/${project.id}`} className={cardLink}>{project.title}</Link>}
      budget={<Budget project={project} className="text-lg font-semibold" />}
      facts={<>
        {project.category && <><span dir="auto">{categoryName(project.category, t)}</span><span aria-hidden="true">·</span></>}
        <span>{t('project.posted')} <Ago at={project.publishedAt || project.created} /></span>
        <span aria-hidden="true">·</span>
        <span>{t('project.proposalCount', { count: project.proposalCount })}</span>
      </>}
      description={project.description} tags={<Tags tags={project.skills} />} />
  );
}

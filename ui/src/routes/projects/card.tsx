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

/** One project in a list. The whole card can be pressed; the title is the link. */
export function ProjectCard({ project, level = 2 }: { project: Project; level?: 2 | 3 }) {
  const { t } = useI18n();
  const Heading = `h${level}` as const;
  return (
    <article className="card relative p-5 transition-colors hover:border-edge">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
        <Heading className="text-lg font-semibold" dir="auto">
          <Link to={`/projects/${project.id}`} className="after:absolute after:inset-0 after:rounded-[14px]">{project.title}</Link>
        </Heading>
        <Budget project={project} className="text-lg font-semibold" />
      </div>
      <p className="mt-1 flex flex-wrap gap-x-2 text-sm text-muted">
        {project.category && <><span dir="auto">{categoryName(project.category, t)}</span><span aria-hidden="true">·</span></>}
        <span>{t('project.posted')} <Ago at={project.publishedAt || project.created} /></span>
        <span aria-hidden="true">·</span>
        <span>{t('project.proposalCount', { count: project.proposalCount })}</span>
      </p>
      {project.description && <p className="mt-3 line-clamp-2 text-muted" dir="auto">{project.description}</p>}
      <div className="mt-3 empty:hidden"><Tags tags={project.skills} /></div>
    </article>
  );
}

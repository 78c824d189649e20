import { useI18n } from '../../i18n/i18n';
import type { Project } from '../../types';
import { FileLinks } from '../../ui/files';
import { Tags, useDates } from '../../ui/show';
import { Budget } from './card';
import { categoryName } from './categories';

/** What a project says, on its page and in the preview. */
export function ProjectBody({ project, files }: { files?: Project; project: Pick<Project, 'description' | 'skills' | 'category' | 'deadline' | 'budgetMin' | 'budgetMax' | 'budgetType' | 'currency'> }) {
  const { t } = useI18n();
  const dates = useDates();
  const facts: [string, React.ReactNode][] = [
    [t('project.budget'), <Budget key="b" project={project} />],
    [t('project.category'), project.category ? categoryName(project.category, t) : ''],
    [t('project.deadline'), project.deadline ? dates.day(project.deadline) : ''],
  ];
  return (
    <>
      <dl className="mb-5 grid gap-x-8 gap-y-3 border-b border-line pb-5 sm:grid-cols-3">
        {facts.filter(([, value]) => value !== '').map(([name, value]) => (
          <div key={name}><dt className="text-sm text-muted">{name}</dt><dd className="font-semibold">{value}</dd></div>
        ))}
      </dl>
      {project.description ? <p className="prose-text" dir="auto">{project.description}</p> : <p className="text-muted">{t('project.noDescription')}</p>}
      <div className="mt-5 empty:hidden"><Tags tags={project.skills} /></div>
      {files && files.attachments && files.attachments.length > 0 && <div className="mt-5"><h2 className="mb-1 text-sm font-semibold text-muted">{t('files.attachments')}</h2><FileLinks domain="projects" record={files} files={files.attachments} /></div>}
    </>
  );
}

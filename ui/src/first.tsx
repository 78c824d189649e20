// What a visitor sees of the first pages before the script has arrived. It is
// rendered when the app is built (scripts/first.ts) with the app's own
// components; {{...}} is left to the server, which fills in the open projects
// (services/first.go). What needs the visitor's region, money and times, is grey
// until the script writes it.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderToStaticMarkup } from 'react-dom/server';
import { StaticRouter } from 'react-router';
import { I18nProvider, languages, loadCatalogue, type Language } from './i18n/i18n';
import { Home } from './routes/home/home';
import { Browse } from './routes/projects/browse';
import { CardFrame, cardLink } from './routes/projects/card';
import { Shell } from './shell/shell';
import { Skeleton, SkeletonRows } from './ui/feedback';
import { tag, tagList } from './ui/show';

/** The pages by the name the server asks for, with their address. */
export const pages = { home: '/', projects: '/projects' } as const;

function Projects({ level, rows }: { level: 2 | 3; rows: number }) {
  const grey = (className: string) => <Skeleton className={`my-1 ${className}`} />;
  return (
    <>
      {'{{if .Projects}}'}
      <ul className="space-y-3">
        {'{{range .Projects}}'}
        <li>
          <CardFrame level={level} title={<a href="/projects/{{.ID}}" className={cardLink}>{'{{.Title}}'}</a>}
            budget={grey('h-5 w-32')} facts={grey('h-3 w-56')} description="{{.Description}}"
            tags={<>{'{{if .Skills}}'}<ul className={tagList}>{'{{range .Skills}}'}<li dir="auto" className={tag}>{'{{.}}'}</li>{'{{end}}'}</ul>{'{{end}}'}</>} />
        </li>
        {'{{end}}'}
      </ul>
      {'{{else}}'}
      <SkeletonRows count={rows} className="h-40" />
      {'{{end}}'}
    </>
  );
}

/** The markup of a page in a language, as a Go template. */
export async function firstPage(name: keyof typeof pages, language: Language): Promise<string> {
  const catalogue = await loadCatalogue(language);
  return renderToStaticMarkup(
    <I18nProvider initial={{ language, catalogue }}>
      <QueryClientProvider client={new QueryClient()}>
        <StaticRouter location={pages[name]}>
          <div className="first" lang={language} dir={languages[language].dir}>
            <Shell>{name === 'home' ? <Home waiting={<Projects level={3} rows={3} />} /> : <Browse waiting={<Projects level={2} rows={6} />} />}</Shell>
          </div>
        </StaticRouter>
      </QueryClientProvider>
    </I18nProvider>,
  );
}

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { startTransition, StrictMode, useEffect, useRef } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter, useNavigate } from 'react-router';
import { App } from './app';
import { chosenLanguage, I18nProvider, loadCatalogue } from './i18n/i18n';
import { en } from './i18n/en';
import { failureOf } from './lib/errors';
import { startTheme } from './lib/preferences';
import { ErrorBoundary } from './shell/error-boundary';
import { ToastProvider } from './ui/feedback';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => {
        const { status } = failureOf(error);
        return count < 2 && (status === 0 || status === 429 || status >= 500);
      },
    },
  },
});

/** The search on the page that the server wrote. */
const firstSearch = () => document.querySelector<HTMLInputElement>('.first input[type=search]');

const searchFor = (words: string) => `/projects?q=${encodeURIComponent(words)}`;

/** A search typed before the script had arrived goes on. */
function keepTyped(field: HTMLInputElement | null): void {
  const words = field?.value.trim();
  if (words) history.replaceState(null, '', searchFor(words));
}

/** What was typed while the app was being drawn goes on, too: by now the field is gone from the page, with what it holds. */
function TypedMeanwhile({ field }: { field: HTMLInputElement | null }) {
  const navigate = useNavigate();
  const done = useRef(false);
  useEffect(() => {
    if (done.current) return; // navigate is another one on each page
    done.current = true;
    const words = field?.value.trim() ?? '';
    if (words && words !== new URLSearchParams(location.search).get('q')) void navigate(searchFor(words), { replace: true });
  }, [field, navigate]);
  return null;
}

/** Draws the app. */
export async function start(): Promise<void> {
  startTheme();
  const language = chosenLanguage();
  const initial = await loadCatalogue(language).then((catalogue) => ({ language, catalogue }), () => ({ language: 'en' as const, catalogue: en }));
  const root = document.getElementById('root');
  if (!root) throw new Error('index.html has no #root');
  const field = firstSearch();
  keepTyped(field);
  // As a transition, the first render is cut into slices and leaves the page responsive.
  startTransition(() => createRoot(root).render(
    <StrictMode>
      <I18nProvider initial={initial}>
        <ErrorBoundary>
          <QueryClientProvider client={queries}>
            <ToastProvider>
              <BrowserRouter>
                <TypedMeanwhile field={field} />
                <App />
              </BrowserRouter>
            </ToastProvider>
          </QueryClientProvider>
        </ErrorBoundary>
      </I18nProvider>
    </StrictMode>,
  ));
}

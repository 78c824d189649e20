import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { startTransition, StrictMode, useLayoutEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
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

/**
 * Takes the page away that stood there before the app (index.html), at the moment
 * at which the app's own page is in the document: what was entered into it goes on
 * in the app's fields, and the next key finds the field or link that it was meant for.
 * Runs inside one commit, so no key and no frame falls between the two pages.
 */
function TakeOver({ app }: { app: HTMLElement }) {
  useLayoutEffect(() => {
    const before = document.getElementById('before');
    if (!before) return;
    for (const from of before.querySelectorAll<HTMLInputElement | HTMLSelectElement>('[name]')) {
      const to = app.querySelector<HTMLInputElement | HTMLSelectElement>(`[name="${from.name}"]`);
      if (!to) continue;
      if (from.value !== to.value) {
        to.value = from.value;
        to.dispatchEvent(new Event(to instanceof HTMLSelectElement ? 'change' : 'input', { bubbles: true }));
      }
      if (document.activeElement !== from) continue;
      to.focus({ preventScroll: true });
      if (to instanceof HTMLInputElement && from instanceof HTMLInputElement) to.setSelectionRange(from.selectionStart, from.selectionEnd);
    }
    const link = document.activeElement;
    if (link instanceof HTMLAnchorElement && before.contains(link)) sameLink(link, before, app)?.focus({ preventScroll: true });
    before.remove();
  }, [app]);
  return null;
}

/** The link of the app's page that leads to where one of the page before does; of several, the one at the same place. */
function sameLink(link: HTMLAnchorElement, before: HTMLElement, app: HTMLElement): HTMLAnchorElement | undefined {
  const alike = (page: HTMLElement) => [...page.querySelectorAll('a')].filter((one) => one.href === link.href);
  return alike(app)[alike(before).indexOf(link)];
}

/** Draws the app. */
export async function start(): Promise<void> {
  startTheme();
  const language = chosenLanguage();
  const initial = await loadCatalogue(language).then((catalogue) => ({ language, catalogue }), () => ({ language: 'en' as const, catalogue: en }));
  const root = document.getElementById('root');
  if (!root) throw new Error('index.html has no #root');
  // As a transition, the first render is cut into slices and leaves the page responsive.
  startTransition(() => createRoot(root).render(
    <StrictMode>
      <I18nProvider initial={initial}>
        <ErrorBoundary>
          <QueryClientProvider client={queries}>
            <ToastProvider>
              <BrowserRouter>
                <App />
              </BrowserRouter>
              <TakeOver app={root} />
            </ToastProvider>
          </QueryClientProvider>
        </ErrorBoundary>
      </I18nProvider>
    </StrictMode>,
  ));
}

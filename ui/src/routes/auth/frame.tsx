import type { ReactNode } from 'react';
import { Page } from '../../ui/page';

/** The narrow frame of the sign-in and sign-up pages. */
export function AuthFrame({ title, intro, children }: { title: string; intro?: ReactNode; children: ReactNode }) {
  return (
    <Page title={title} intro={intro} width="narrow">
      <div className="card mx-auto max-w-lg p-5 sm:p-7">{children}</div>
    </Page>
  );
}

/** Where to go after signing in: only inside this app. */
export function nextOf(params: URLSearchParams): string {
  const next = params.get('next') ?? '';
  return /^\/(?!\/)/.test(next) ? next : '/dashboard';
}

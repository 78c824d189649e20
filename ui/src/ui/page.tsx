// The frame of a page: its title (also the document's), what it is about, its actions.
import { useEffect, useRef, type ReactNode } from 'react';
import { Link, NavLink, useLocation } from 'react-router';
import { useI18n } from '../i18n/i18n';
import { setPageTitle } from '../lib/title';
import { Icon } from './icon';
import { numberFormat } from '../lib/intl';

interface Props {
  title: string;
  /** Shown instead of the title, for example with a status beside it. */
  heading?: ReactNode;
  intro?: ReactNode;
  actions?: ReactNode;
  back?: { to: string; label: string };
  /** Text pages are narrower than dashboards. */
  width?: 'narrow' | 'normal' | 'wide';
  children: ReactNode;
}

const widths = { narrow: 'max-w-2xl', normal: 'max-w-5xl', wide: 'max-w-6xl' };

export function Page({ title, heading, intro, actions, back, width = 'normal', children }: Props) {
  useEffect(() => setPageTitle(title), [title]);
  return (
    <div className={`mx-auto w-full px-4 py-6 sm:px-6 sm:py-8 ${widths[width]}`}>
      {back && (
        <Link to={back.to} className="-ms-1 mb-3 inline-flex min-h-9 items-center gap-1.5 text-sm font-medium text-muted hover:text-ink">
          <Icon name="back" directed className="size-4" />{back.label}
        </Link>
      )}
      <div className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-2xl font-bold tracking-tight sm:text-3xl" dir="auto">{heading ?? title}</h1>
          {intro && <div className="mt-1.5 text-muted">{intro}</div>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

interface TabsProps {
  label: string;
  tabs: { to: string; label: string; count?: number; end?: boolean }[];
}

/** Links that look like tabs: each has its own address. */
export function TabLinks({ label, tabs }: TabsProps) {
  const { locale } = useI18n();
  const { pathname } = useLocation();
  const row = useRef<HTMLElement>(null);
  // On a phone they are wider than the window: the chosen one is in its middle.
  useEffect(() => {
    const chosen = row.current?.querySelector('[aria-current]')?.getBoundingClientRect();
    if (chosen) row.current?.scrollBy(chosen.left + chosen.width / 2 - innerWidth / 2, 0);
  }, [pathname]);
  return (
    <nav ref={row} aria-label={label} className="-mx-4 mb-5 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0">
      <ul className="flex gap-1">
        {tabs.map((tab) => (
          <li key={tab.to}>
            <NavLink to={tab.to} end={tab.end} className="flex min-h-11 items-center gap-2 border-b-2 border-transparent px-3 font-medium whitespace-nowrap text-muted hover:text-ink aria-[current=page]:border-primary aria-[current=page]:text-ink">
              {tab.label}
              {tab.count !== undefined && tab.count > 0 && <span className="figures rounded-full bg-sunken px-2 text-xs">{numberFormat(locale).format(tab.count)}</span>}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface CardProps {
  title?: string;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Card({ title, actions, className = '', children }: CardProps) {
  return (
    <section className={`card p-5 ${className}`}>
      {(title || actions) && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
          {title && <h2 className="text-lg font-semibold">{title}</h2>}
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

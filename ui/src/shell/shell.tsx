// The frame around every page: the bar above, the tabs below on a phone.
import { useEffect, useRef, type ReactNode } from 'react';
import { Link, NavLink, useLocation } from 'react-router';
import { hasRole, useMe } from '../data/me';
import { useI18n } from '../i18n/i18n';
import type { Key } from '../i18n/catalogue';
import { LinkButton } from '../ui/button';
import { Icon, type IconName } from '../ui/icon';
import { Count } from '../ui/show';
import { AccountMenu } from './account-menu';
import { DisplayMenu } from './display-menu';
import { useUnread } from './live-part';

interface Place {
  to: string;
  label: Key;
  icon: IconName;
  /** Only for people who are signed in. */
  own?: boolean;
  /** Also among the tabs of a phone. */
  tab?: boolean;
}

const places: Place[] = [
  { to: '/projects', label: 'nav.find', icon: 'search', tab: true },
  { to: '/freelancers', label: 'nav.freelancers', icon: 'people', tab: true },
  { to: '/work', label: 'nav.work', icon: 'briefcase', own: true, tab: true },
  { to: '/messages', label: 'nav.messages', icon: 'chat', own: true, tab: true },
  { to: '/dashboard', label: 'nav.dashboard', icon: 'chart', own: true, tab: true },
];

function Logo() {
  return (
    <Link to="/" className="flex min-h-11 items-center gap-2 text-lg font-bold tracking-tight">
      <svg viewBox="0 0 64 64" aria-hidden="true" className="size-8">
        <rect width="64" height="64" rx="15" fill="#0b5d46" />
        <path d="M18 15v27a5 5 0 0 0 5 5h9" fill="none" stroke="#fff" strokeWidth="7" strokeLinecap="round" strokeLinejoin="round" />
        <path d="M32 47c10 0 15-6 15-14" fill="none" stroke="#f2b84b" strokeWidth="7" strokeLinecap="round" />
        <circle cx="47" cy="20" r="5" fill="#f2b84b" />
      </svg>
      <span>LancersHub</span>
    </Link>
  );
}

function Bell({ unread }: { unread: number }) {
  const { t } = useI18n();
  return (
    <NavLink to="/notifications" title={t('nav.notifications')} className="relative inline-flex size-11 items-center justify-center rounded-[10px] text-muted hover:bg-sunken hover:text-ink aria-[current=page]:text-ink">
      <Icon name="bell" />
      <span className="sr-only">{t('nav.notifications')}</span>
      <span className="absolute start-[calc(50%-0.15rem)] top-0.5"><Count of={unread} label={t('nav.unreadNotifications', { count: unread })} /></span>
    </NavLink>
  );
}

export function Shell({ children }: { children: ReactNode }) {
  const me = useMe();
  const { t } = useI18n();
  const unread = useUnread();
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const inMessages = pathname.startsWith('/messages'); // fills the window, and scrolls inside
  const inChat = /^\/messages\/./.test(pathname);

  // A new page begins at its top, for eyes and for screen readers.
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname]);

  const shown = places.filter((place) => !place.own || me);
  // Five would not fit: who only hires looks for people, everybody else for work.
  const elsewhere = me && !hasRole(me, 'freelancer') ? '/projects' : '/freelancers';
  return (
    <div className={`flex flex-col ${inMessages ? 'h-dvh' : 'min-h-dvh'} ${me && !inChat ? 'pb-16 md:pb-0' : ''}`}>
      <a href="#main" className="sr-only z-50 rounded-lg bg-primary p-3 text-on-primary focus:not-sr-only focus:fixed focus:start-3 focus:top-3">{t('nav.skip')}</a>
      <header className="sticky top-0 z-30 border-b border-line bg-canvas/90 backdrop-blur">
        <div className="mx-auto flex h-14 max-w-6xl items-center gap-2 px-4 sm:px-6">
          <Logo />
          <nav aria-label={t('nav.main')} className="ms-4 hidden gap-1 md:flex">
            {shown.map((place) => (
              <NavLink key={place.to} to={place.to} className="flex min-h-10 items-center gap-2 rounded-lg px-3 font-medium text-muted hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:text-ink">
                {t(place.label)}
                {place.to === '/messages' && <Count of={unread.messages} label={t('nav.unreadMessages', { count: unread.messages })} />}
              </NavLink>
            ))}
          </nav>
          <div className="ms-auto flex items-center gap-1">
            {me && hasRole(me, 'client') && <LinkButton to="/projects/new" small icon="plus" className="me-1 max-md:hidden">{t('action.postProject')}</LinkButton>}
            <DisplayMenu />
            {me ? (
              <>
                <Bell unread={unread.notifications} />
                <AccountMenu />
              </>
            ) : (
              <span className="guest flex items-center gap-1">
                <LinkButton to="/sign-in" look="quiet" small>{t('action.signIn')}</LinkButton>
                <LinkButton to="/sign-up" small className="max-sm:hidden">{t('action.signUp')}</LinkButton>
              </span>
            )}
          </div>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1} className={`flex flex-1 flex-col outline-none ${inMessages ? 'min-h-0' : ''}`}>{children}</main>
      {!inMessages && (
        <footer className="border-t border-line">
          <div className="mx-auto flex max-w-6xl flex-wrap gap-x-6 gap-y-1 px-4 py-6 text-sm text-muted sm:px-6">
            {!me && <nav aria-label={t('nav.tabs')} className="flex w-full gap-x-6 md:hidden">{shown.map((place) => <Link key={place.to} to={place.to} className="inline-flex min-h-9 items-center font-medium text-ink underline">{t(place.label)}</Link>)}</nav>}
            <span>LancersHub</span>
            <span>{t('footer.note')}</span>
          </div>
        </footer>
      )}
      {me && !inChat && (
        <nav aria-label={t('nav.tabs')} className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden">
          <ul className="grid h-16 grid-cols-4">
            {places.filter((place) => place.tab && place.to !== elsewhere).map((place) => (
              <li key={place.to}>
                <NavLink to={place.to} className="relative flex h-16 flex-col items-center justify-center gap-0.5 text-xs font-medium text-muted aria-[current=page]:text-primary">
                  <Icon name={place.icon} className="size-6" />
                  {t(place.label)}
                  {place.to === '/messages' && <span className="absolute start-[calc(50%+0.4rem)] top-1.5"><Count of={unread.messages} label={t('nav.unreadMessages', { count: unread.messages })} /></span>}
                </NavLink>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </div>
  );
}

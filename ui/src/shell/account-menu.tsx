import { Link, useNavigate } from 'react-router';
import { signOut } from '../api';
import { hasRole, useMe } from '../data/me';
import { useI18n } from '../i18n/i18n';
import { Icon, type IconName } from '../ui/icon';
import { Avatar, useName } from '../ui/show';
import { Menu } from './menu';

const row = 'flex min-h-10 w-full items-center gap-3 rounded-lg px-3 text-start hover:bg-sunken';

export function AccountMenu() {
  const me = useMe();
  const { t } = useI18n();
  const name = useName();
  const navigate = useNavigate();
  if (!me) return null;
  const links: { to: string; label: string; icon: IconName }[] = [
    { to: `/people/${me.id}`, label: t('nav.profile'), icon: 'user' },
    { to: hasRole(me, 'freelancer') ? '/payouts' : '/payments', label: t('money.title'), icon: 'money' },
    { to: '/account', label: t('nav.account'), icon: 'lock' },
    // What is not among the tabs of a phone (shell.tsx).
    hasRole(me, 'freelancer') ? { to: '/freelancers', label: t('nav.freelancers'), icon: 'people' } : { to: '/projects', label: t('nav.find'), icon: 'search' },
  ];
  if (hasRole(me, 'client')) links.unshift({ to: '/projects/new', label: t('action.postProject'), icon: 'plus' });
  return (
    <Menu label={t('nav.accountMenu')} button={<Avatar person={me} className="size-9" />}>
      <div className="border-b border-line px-3 pt-1 pb-2">
        <p className="truncate font-semibold" dir="auto">{name(me)}</p>
        <p className="truncate text-sm text-muted">{me.email}</p>
      </div>
      <ul className="pt-2">
        {links.map((link) => <li key={link.to}><Link to={link.to} className={row}><Icon name={link.icon} className="size-5 text-muted" />{link.label}</Link></li>)}
        <li>
          <button type="button" className={row} onClick={() => void signOut().finally(() => navigate('/'))}>
            <Icon name="exit" directed className="size-5 text-muted" />{t('action.signOut')}
          </button>
        </li>
      </ul>
    </Menu>
  );
}

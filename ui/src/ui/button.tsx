// Buttons and links that look like buttons.
import type { ComponentProps, ReactNode } from 'react';
import { Link } from 'react-router';
import { Icon, type IconName } from './icon';

export type Look = 'primary' | 'plain' | 'quiet' | 'danger';

const looks: Record<Look, string> = {
  primary: 'bg-primary text-on-primary hover:bg-primary-hover border-transparent',
  plain: 'bg-surface text-ink border-line hover:border-edge',
  quiet: 'bg-transparent text-ink border-transparent hover:bg-sunken',
  danger: 'bg-surface text-danger border-line hover:border-danger hover:bg-danger-soft',
};

function classes(look: Look, small: boolean, extra = ''): string {
  const size = small ? 'min-h-9 px-3 text-sm' : 'min-h-11 px-4';
  return `inline-flex items-center justify-center gap-2 rounded-[10px] border font-medium transition-colors disabled:opacity-55 ${size} ${looks[look]} ${extra}`;
}

interface Common {
  look?: Look;
  small?: boolean;
  icon?: IconName;
}

interface ButtonProps extends ComponentProps<'button'>, Common {
  /** Shows that the command is under way, and keeps it from being pressed twice. */
  busy?: boolean;
}

export function Button({ look = 'primary', small = false, icon, busy = false, className, children, type = 'button', disabled, ...rest }: ButtonProps) {
  return (
    <button type={type} className={classes(look, small, className)} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? <span aria-hidden="true" className="size-4 shrink-0 animate-spin rounded-full border-2 border-current border-e-transparent" /> : icon && <Icon name={icon} className="size-4.5" />}
      {children}
    </button>
  );
}

interface LinkButtonProps extends Common {
  to: string;
  className?: string;
  children: ReactNode;
}

export function LinkButton({ to, look = 'primary', small = false, icon, className, children }: LinkButtonProps) {
  return (
    <Link to={to} className={classes(look, small, className)}>
      {icon && <Icon name={icon} className="size-4.5" />}
      {children}
    </Link>
  );
}

interface IconButtonProps extends ComponentProps<'button'> {
  icon: IconName;
  /** What the button does: read out, and shown on hover. */
  label: string;
}

export function IconButton({ icon, label, className = '', ...rest }: IconButtonProps) {
  return (
    <button type="button" aria-label={label} title={label} {...rest}
      className={`inline-flex size-11 shrink-0 items-center justify-center rounded-[10px] text-muted transition-colors hover:bg-sunken hover:text-ink disabled:opacity-55 ${className}`}>
      <Icon name={icon} />
    </button>
  );
}

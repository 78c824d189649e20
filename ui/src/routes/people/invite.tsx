// Inviting a freelancer to one of one's own open projects.
import { useState } from 'react';
import { useCommand } from '../../data/command';
import { hasRole, useMe } from '../../data/me';
import { useMyProjects } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import type { User } from '../../types';
import { Button, LinkButton } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { ErrorNotice, SkeletonRows, useToast } from '../../ui/feedback';
import { Select, Textarea } from '../../ui/field';

/** Only for clients, about freelancers, and not about oneself. */
export function InviteButton({ person }: { person: User }) {
  const { t } = useI18n();
  const me = useMe();
  const [open, setOpen] = useState(false);
  if (!me || me.id === person.id || !hasRole(me, 'client') || !person.roles.includes('freelancer')) return null;
  return (
    <>
      <Button icon="send" onClick={() => setOpen(true)}>{t('invite.button')}</Button>
      <Dialog open={open} title={t('invite.button')} onClose={() => setOpen(false)}>
        <InviteForm me={me.id} person={person} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function InviteForm({ me, person, onDone }: { me: string; person: User; onDone: () => void }) {
  const { t } = useI18n();
  const say = useToast();
  const mine = useMyProjects(me);
  const open = mine.data?.filter((one) => one.status === 'open') ?? [];
  const [chosen, setChosen] = useState('');
  const [note, setNote] = useState('');
  const inviting = useCommand({ onDone: () => { say(t('invite.done')); onDone(); } });
  const project = chosen || open[0]?.id || '';
  if (mine.isPending) return <SkeletonRows count={1} />;
  if (mine.error) return <ErrorNotice error={mine.error} onRetry={() => void mine.refetch()} />;
  if (open.length === 0) return <div className="space-y-4"><p className="text-muted">{t('invite.none')}</p><LinkButton to="/projects/new" icon="plus">{t('action.postProject')}</LinkButton></div>;
  return (
    <form className="space-y-4" onSubmit={(event) => {
      event.preventDefault();
      inviting.mutate({ domain: 'projects', path: `projects/${project}/invite`, body: { freelancer: person.id, ...(note.trim() ? { note: note.trim() } : {}) } });
    }}>
      <p className="text-muted">{t('invite.text')}</p>
      <Select label={t('invite.project')} value={project} onChange={(event) => setChosen(event.target.value)}>
        {open.map((one) => <option key={one.id} value={one.id}>{one.title}</option>)}
      </Select>
      <Textarea label={t('invite.note')} optional maxLength={5000} value={note} onChange={(event) => setNote(event.target.value)} />
      <ErrorNotice error={inviting.error} />
      <div className="flex justify-end gap-2">
        <Button look="quiet" onClick={onDone}>{t('action.cancel')}</Button>
        <Button type="submit" busy={inviting.isPending}>{t('invite.button')}</Button>
      </div>
    </form>
  );
}

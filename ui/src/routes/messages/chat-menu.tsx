// What can be done with a whole chat: mute, archive, block the other.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { chats } from '../../api';
import { nameOf, useBlocks, type ChatRow } from '../../data/chats';
import { keys } from '../../data/keys';
import { useI18n } from '../../i18n/i18n';
import { Menu } from '../../shell/menu';
import { Button, IconButton } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { ErrorNotice } from '../../ui/feedback';
import { Icon } from '../../ui/icon';

/** Muted chats do not count as unread in the title and the bar. */
export function Mute({ row }: { row: ChatRow }) {
  const { t } = useI18n();
  const changing = useMemberChange(row);
  return <IconButton icon={row.mine.muted ? 'muted' : 'bell'} label={t('messages.mute')} aria-pressed={row.mine.muted} disabled={changing.isPending} onClick={() => changing.mutate({ muted: !row.mine.muted })} />;
}

function useMemberChange(row: ChatRow) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: { muted?: boolean; archived?: boolean }) => chats.members.update(row.mine.id, change),
    onSuccess: () => Promise.all([keys.chats, keys.unread].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}

/** My block of the other person of a direct chat, if there is one, and how to change it. */
export function useBlock(row: ChatRow) {
  const queries = useQueryClient();
  const blocks = useBlocks();
  const other = row.chat.kind === 'group' ? '' : row.others[0]?.user ?? '';
  const block = blocks.data?.find((one) => one.blocked === other);
  const toggle = useMutation({
    mutationFn: async () => { if (block) await chats.blocks.delete(block.id); else await chats.blocks.create({ blocked: other }); },
    onSuccess: () => Promise.all([keys.blocks, keys.presence].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
  return { other, block, toggle };
}

export function ChatMenu({ row }: { row: ChatRow }) {
  const { t } = useI18n();
  const changing = useMemberChange(row);
  const { other, block, toggle } = useBlock(row);
  const [asking, setAsking] = useState(false);
  const name = nameOf(row.others[0]) || t('person.unnamed');
  const line = 'flex min-h-10 w-full items-center gap-3 rounded-lg px-3 text-start hover:bg-sunken';
  return (
    <>
      <Menu label={t('messages.chatMenu')} button={<Icon name="dots" />}>
        <ul>
          {/* On a phone there is no room for these beside the name. */}
          {row.chat.contract && <li className="sm:hidden"><Link to={`/contracts/${row.chat.contract}`} className={line}><Icon name="briefcase" className="size-5 text-muted" />{t('contract.open')}</Link></li>}
          <li className="sm:hidden"><button type="button" className={line} aria-pressed={row.mine.muted} onClick={() => changing.mutate({ muted: !row.mine.muted })}><Icon name={row.mine.muted ? 'muted' : 'bell'} className="size-5 text-muted" />{t('messages.mute')}</button></li>
          <li><button type="button" className={line} onClick={() => changing.mutate({ archived: !row.mine.archived })}><Icon name="archive" className="size-5 text-muted" />{row.mine.archived ? t('messages.unarchive') : t('messages.archive')}</button></li>
          {other && <li><button type="button" className={line} onClick={() => (block ? toggle.mutate() : setAsking(true))}><Icon name="block" className="size-5 text-muted" />{block ? t('messages.unblock') : t('messages.block')}</button></li>}
        </ul>
        <ErrorNotice error={changing.error} />
      </Menu>
      <Dialog open={asking} title={t('messages.block')} onClose={() => setAsking(false)}>
        <p className="text-muted">{t('messages.blockText', { name })}</p>
        <ErrorNotice error={toggle.error} />
        <div className="mt-4 flex justify-end gap-2">
          <Button look="quiet" onClick={() => setAsking(false)}>{t('action.cancel')}</Button>
          <Button look="danger" busy={toggle.isPending} onClick={() => toggle.mutate(undefined, { onSuccess: () => setAsking(false) })}>{t('messages.block')}</Button>
        </div>
      </Dialog>
    </>
  );
}

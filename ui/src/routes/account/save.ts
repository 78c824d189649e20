// Saving changes of one's own user record.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { session, users } from '../../api';
import { keys } from '../../data/keys';
import { useI18n } from '../../i18n/i18n';
import type { User } from '../../types';
import { useToast } from '../../ui/feedback';

export function useSaveUser(id: string) {
  const queries = useQueryClient();
  const say = useToast();
  const { t } = useI18n();
  return useMutation({
    mutationFn: (values: Partial<User> | FormData) => users.users.update(id, values),
    onSuccess: async (user) => {
      session.save(session.token, { ...session.record, ...user });
      await queries.invalidateQueries({ queryKey: keys.people });
      await queries.invalidateQueries({ queryKey: keys.earnings });
      say(t('state.saved'));
    },
  });
}

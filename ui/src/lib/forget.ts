// What was written or chosen and not sent yet is kept on this device. Of that, what
// is needed at sign-out, which every page can do; the rest is lib/unsent.ts.

/** The database of files that are not sent yet. */
export const unsentDatabase = 'lancershub_unsent';

const drafts = 'lancershub_draft_';

/** Where the text that someone has not sent to a chat yet is stored. */
export const draftKey = (user: string, chat: string): string => `${drafts}${user}_${chat}`;

/** What begins the names under which forms are kept in this tab. */
export const keptForms = 'lancershub_kept ';

/** Removes what is stored under names that begin with prefix. */
const forget = (storage: Storage, prefix: string): void => {
  for (const key of Object.keys(storage)) if (key.startsWith(prefix)) storage.removeItem(key);
};

/** Leaves nothing of what was written into forms to the next one in this tab. A session that ends by itself leaves it: its owner comes back. */
export function forgetForms(): void {
  try {
    forget(sessionStorage, keptForms);
  } catch {
    // storage that is closed to us keeps nothing
  }
}

/** Leaves nothing unsent behind for the next one at this device. */
export function forgetUnsent(): void {
  try {
    forget(localStorage, drafts);
    indexedDB.deleteDatabase(unsentDatabase);
  } catch {
    // storage that is closed to us keeps nothing
  }
}

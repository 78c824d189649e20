// Compiled, never run: what types.ts says of a record must be what the server's
// schema says. A field that is gone or of another type, or a state that the server
// does not know, is an error here.
import type { Schema } from './schema.generated';
import type * as T from './types';

/** Fields that are no columns. */
type Extra = 'expand' | 'collectionId' | 'collectionName';

/** The fields of Mine that do not fit to Stored: never, if all do. A field may be
 * optional in Mine: messages on their way have no files yet. */
type Wrong<Mine, Stored> = {
  [K in Exclude<keyof Mine, Extra>]-?: K extends keyof Stored
    ? [Exclude<Mine[K], undefined>] extends [Stored[K]] ? never : K
    : K;
}[Exclude<keyof Mine, Extra>];

type Fits<_ extends never> = true;

export type Checked = [
  Fits<Wrong<T.User, Schema['users']['users']>>,
  Fits<Wrong<T.Session, Schema['users']['sessions']>>,
  Fits<Wrong<T.Person, Schema['projects']['users']>>,
  Fits<Wrong<T.Project, Schema['projects']['projects']>>,
  Fits<Wrong<T.Proposal, Schema['projects']['proposals']>>,
  Fits<Wrong<T.Contract, Schema['projects']['contracts']>>,
  Fits<Wrong<T.Milestone, Schema['projects']['milestones']>>,
  Fits<Wrong<T.SavedSearch, Schema['projects']['searches']>>,
  Fits<Wrong<T.Review, Schema['projects']['reviews']>>,
  Fits<Wrong<T.Deadline, Schema['projects']['deadlines']>>,
  Fits<Wrong<T.Payment, Schema['payments']['payments']>>,
  Fits<Wrong<T.Chat, Schema['messages']['chats']>>,
  Fits<Wrong<T.Member, Schema['messages']['members']>>,
  Fits<Wrong<T.Message, Schema['messages']['messages']>>,
  Fits<Wrong<T.Notification, Schema['messages']['notifications']>>,
];

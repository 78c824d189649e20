// Saved searches.
import type { Message } from '../catalogue';

export const en = {
  'searches.title': 'Saved searches',
  'searches.save': 'Save this search',
  'searches.saveText': 'You are told of every new project that matches: here at once, by mail as you chose in your account.',
  'searches.name': 'Name',
  'searches.saved': 'Saved. You are told of new projects that match.',
  'searches.isSaved': 'Saved as “{name}”',
  'searches.none': 'No saved searches yet',
  'searches.noneText': 'Search for projects, then save the search: you are told of every new one that matches.',
  'searches.all': 'Every new project',
  'searches.without': 'without {words}',
  'searches.min': 'at least {amount}',
  'searches.paused': 'Paused',
  'searches.pause': 'Pause',
  'searches.resume': 'Resume',
  'searches.rename': 'Rename',
  'searches.delete': 'Delete',
  'searches.deleteText': 'You are no longer told of projects for “{name}”.',
  'searches.deleted': 'Deleted.',
  'searches.limit': '{count} of {max} searches',
  'notify.category.searches': 'Saved searches',
  'error.too_many_searches': 'You have as many saved searches as there can be. Delete one first.',
} satisfies Record<string, Message>;

// The roots of all query keys: invalidating a root invalidates everything below it.
export const keys = {
  projects: ['projects'],
  proposals: ['proposals'],
  contracts: ['contracts'],
  milestones: ['milestones'],
  timeline: ['timeline'],
  payments: ['payments'],
  fees: ['fees'],
  deadlines: ['deadlines'],
  disputes: ['disputes'],
  payouts: ['payouts'],
  earnings: ['earnings'],
  people: ['people'],
  sessions: ['sessions'],
  chats: ['chats'],
  previews: ['previews'],
  notifications: ['notifications'],
} as const satisfies Record<string, readonly string[]>;

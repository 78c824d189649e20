// Proposals: milestones, the comparison.
import type { Message } from '../catalogue';

export const en = {
  'propose.pay': 'How should it be paid?',
  'propose.payWhole': 'All of it for the finished work',
  'propose.paySteps': 'In milestones',
  'propose.payStepsText': 'Each is funded, handed in and paid by itself.',
  'propose.step': 'Milestone {count}',
  'propose.stepTitle': 'What is handed over',
  'propose.stepAdd': 'Add a milestone',
  'propose.stepRemove': 'Remove milestone {count}',
  'propose.stepLimit': 'A proposal has at most {count} milestones.',
  'propose.sum': 'Your price for the whole:',
  'proposal.milestones': 'Milestones',
  'compare.table': 'Proposals side by side',
  'compare.caption': 'All proposals; the headings sort the table and the cards below it.',
  'compare.by.price': 'Price',
  'compare.by.days': 'Time',
  'compare.by.rating': 'Rating',
  'compare.by.jobs': 'Jobs done',
  'compare.by.milestones': 'Milestones',
  'compare.by.sent': 'Sent',
  'compare.status': 'Status',
  'compare.unknown': 'not known',
  'error.milestones_sum': 'The milestones do not add up to the price.',
  'error.too_many_milestones': 'These are too many milestones for one proposal.',
  'error.proposal_changed': 'The freelancer changed this proposal after you read it. Close this, read it again and decide then.',
} satisfies Record<string, Message>;

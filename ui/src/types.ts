// The records as the API sends them. Names are those of collections/fields.go.

export type Role = 'client' | 'freelancer';

interface Stored {
  id: string;
  collectionId: string;
  collectionName: string;
  created: string;
  updated: string;
}

/** A person, as every instance may show them. On users, avatar is a file name; on the peers it is a URL. */
export interface Person {
  id: string;
  name: string;
  avatar: string;
  roles: Role[];
}

export interface User extends Stored, Person {
  email: string;
  verified: boolean;
  headline: string;
  bio: string;
  skills: string[] | null;
  hourlyRate: number;
  currency: string;
  country: string;
  timezone: string;
  /** The language of mails to them; "" is English. */
  language: string;
  status: 'active' | 'suspended' | 'closed';
  /** Mean of the ratings in hundredths of a star, and of how many reviews. */
  rating: number;
  reviewCount: number;
  completedContracts: number;
}

export interface Session extends Stored {
  user: string;
  authAt: string;
  rotatedAt: string;
  expiresAt: string;
  revokedAt: string;
  userAgent: string;
  ip: string;
}

interface Parties {
  client: string;
  freelancer: string;
  expand?: { client?: Person; freelancer?: Person };
}

export type ProjectStatus = 'draft' | 'open' | 'in_progress' | 'completed' | 'cancelled' | 'expired';

export interface Project extends Stored, Parties {
  title: string;
  description: string;
  category: string;
  skills: string[] | null;
  budgetType: 'fixed' | 'hourly';
  budgetMin: number;
  budgetMax: number;
  currency: string;
  deadline: string;
  status: ProjectStatus;
  version: number;
  proposalCount: number;
  attachments?: string[];
  reason: string;
  publishedAt: string;
  closedAt: string;
}

export type ProposalStatus = 'submitted' | 'accepted' | 'rejected' | 'withdrawn' | 'archived';

/** A step of the work as a proposal offers it; dueAt is "" or a time. */
export interface ProposedMilestone {
  title: string;
  amount: number;
  dueAt: string;
}

export interface Proposal extends Stored, Parties {
  project: string;
  projectTitle: string;
  amount: number;
  currency: string;
  days: number;
  coverLetter: string;
  samples?: string[];
  milestones: ProposedMilestone[] | null;
  status: ProposalStatus;
  version: number;
  reason: string;
}

/** A search of the browse page under a name. min is in minor units of currency. */
export interface SavedSearch extends Stored {
  user: string;
  name: string;
  words: string;
  without: string;
  category: string;
  currency: string;
  min: number;
  paused: boolean;
}

export interface FeePlan {
  version: string;
  basisPoints: number;
  fixed?: number;
  minimum?: number;
}

/** What a price means for both sides: GET /api/fees/preview. */
export interface FeePreview {
  plan: FeePlan;
  amount: number;
  currency: string;
  clientPays: number;
  fee: number;
  freelancerGets: number;
}

export type ContractStatus = 'active' | 'paused' | 'completed' | 'ended';

export interface Contract extends Stored, Parties {
  project: string;
  proposal: string;
  title: string;
  amount: number;
  currency: string;
  days: number;
  feePlan: FeePlan | null;
  status: ContractStatus;
  reason: string;
  closedAt: string;
}

export type MilestoneStatus = 'planned' | 'funded' | 'submitted' | 'changes_requested' | 'approved' | 'released' | 'cancelled';

export interface Milestone extends Stored, Parties {
  project: string;
  contract: string;
  position: number;
  title: string;
  amount: number;
  currency: string;
  dueAt: string;
  status: MilestoneStatus;
  payment: string;
  note: string;
  submittedAt: string;
  /** "bonus", or "" for work. */
  kind: 'work' | 'bonus' | '';
  approvedAmount: number;
  underpaymentReason: string;
  disputed: boolean;
}

export interface Review extends Stored {
  author: string;
  subject: string;
  client: string;
  freelancer: string;
  contract: string;
  project: string;
  title: string;
  status: 'open' | 'sealed' | 'published' | 'replied' | 'expired';
  /** Empty until publication, like the other words. */
  rating: number;
  categories: Record<string, number> | null;
  body: string;
  publishedAt: string;
  reply: string;
  repliedAt: string;
  expand?: { author?: Person };
}

export type PaymentStatus = 'pending' | 'held' | 'released' | 'refunded' | 'split' | 'disputed' | 'failed';

export interface Payment extends Stored, Parties {
  project: string;
  contract: string;
  milestone: string;
  amount: number;
  currency: string;
  fee: number;
  released: number;
  refunded: number;
  /** What a dispute locks. */
  disputed: number;
  /** What rolled on to the payment of another milestone. */
  rolled: number;
  /** What the client asks back, and why. */
  refundAsked: number;
  refundReason: string;
  /** What a chargeback locks, and how the client's bank stands. */
  chargedBack: number;
  chargeback: '' | 'open' | 'won' | 'lost';
  feePlan: FeePlan | null;
  title: string;
  status: PaymentStatus;
  failure: string;
  reason: string;
  heldAt: string;
  settledAt: string;
}

/** One transition, on the projects or the payments instance. `by` is a user id or "system". */
export interface TimelineRow extends Stored {
  client: string;
  freelancer: string;
  kind: 'projects' | 'proposals' | 'contracts' | 'milestones' | 'payments' | 'disputes';
  subject: string;
  project: string;
  verb: string;
  from: string;
  to: string;
  by: string;
  reason: string;
}

export type DeadlineKind = 'auto-release' | 'proposal-expiry' | 'project-expiry' | 'dormant' | 'dispute-answer' | 'dispute-talks' | 'destination-hold' | 'review-window';

/** Something that happens by itself unless somebody acts before. */
export interface Deadline extends Stored {
  kind: DeadlineKind;
  collection: string;
  subject: string;
  project: string;
  title: string;
  client: string;
  freelancer: string;
  dueAt: string;
  favour: '' | 'client' | 'freelancer';
  status: 'armed' | 'reminded' | 'paused' | 'fired' | 'cancelled';
  reason: string;
  /** Milliseconds left of a paused one. */
  left: number;
}

export type DisputeStatus = 'open' | 'answered' | 'negotiating' | 'in_review' | 'closed';
export type DisputeCategory = 'not_delivered' | 'not_as_described' | 'late' | 'unpaid' | 'other';

/** A dispute about a part of what is held. A position is what the freelancer should get of it. */
export interface Dispute extends Stored, Parties {
  payment: string;
  project: string;
  contract: string;
  milestone: string;
  title: string;
  openedBy: string;
  amount: number;
  currency: string;
  category: DisputeCategory;
  reason: string;
  answer: string;
  clientPosition: number;
  freelancerPosition: number;
  status: DisputeStatus;
  outcome: '' | 'agreed' | 'defaulted' | 'small_claim' | 'ruled' | 'withdrawn' | 'charged_back';
  toFreelancer: number;
  decision: string;
  closedAt: string;
}

/** What an instance knew about a disputed contract when the dispute began. */
export interface Evidence extends Stored {
  dispute: string;
  kind: 'contract' | 'messages';
  content: unknown;
  sha256: string;
}

export type PayoutStatus = 'requested' | 'sent' | 'settled' | 'failed' | 'returned';

export interface Payout extends Stored {
  freelancer: string;
  destination: string;
  destinationLabel: string;
  amount: number;
  currency: string;
  status: PayoutStatus;
  onHold: boolean;
  failure: string;
  reason: string;
  sentAt: string;
  settledAt: string;
}

export interface PayoutDestination extends Stored {
  freelancer: string;
  label: string;
  hint: string;
  provider: string;
  status: 'cooling' | 'active' | 'replaced' | 'removed';
}

/** What can be paid out in one currency: GET /api/payouts/balance. */
export interface PayoutBalance {
  currency: string;
  available: number;
  inTransit: number;
  minimum: number;
  canRequest: boolean;
  /** All of it can be paid out although it is less than the smallest payout: nothing else is open. */
  last: boolean;
  /** The code of what is in the way. */
  why: string;
}

export interface Chat extends Stored {
  kind: 'direct' | 'group';
  origin: 'invitation' | 'proposal' | 'contract';
  proposal: string;
  project: string;
  contract: string;
  title: string;
  lastSeq: number;
  lastChange: number;
  lastMessageAt: string;
}

export interface Member extends Stored {
  chat: string;
  user: string;
  role: 'owner' | 'member';
  lastReadSeq: number;
  /** Own messages after lastReadSeq: they are not unread. */
  ownAfter: number;
  mentions: number;
  muted: boolean;
  archived: boolean;
  expand?: { chat?: Chat; user?: Person };
}

export interface Message extends Stored {
  chat: string;
  seq: number;
  /** Numbers everything that happens to the messages of a chat. */
  change: number;
  sender: string;
  kind: 'user' | 'system';
  body: string;
  /** What happened, of a system message. */
  topic?: string;
  params?: Record<string, unknown> | null;
  clientId: string;
  replyTo: string;
  mentions: string[];
  attachments?: string[];
  /** Who reacted, by emoji. */
  reactions: Record<string, string[]> | null;
  /** What the page says of itself that the text links to, where the operator lets the server look. */
  preview?: { url: string; site: string; title: string; description?: string } | null;
  editedAt: string;
  deletedAt: string;
}

/** What a person has not read: GET /api/chats/unread. */
export interface Unread {
  /** Without muted chats. */
  total: number;
  notifications: number;
  chats: { chat: string; unread: number; mentions: number; lastSeq: number; lastReadSeq: number; muted: boolean }[];
}

export interface Block extends Stored {
  user: string;
  blocked: string;
}

export type Channel = 'off' | 'app' | 'digest' | 'email';

/** GET /api/notifications/settings. Times are "15:04" of one's own day. */
export interface NotificationSettings {
  channels: Record<string, Channel> | null;
  quietFrom: string;
  quietTo: string;
  digestAt: string;
  /** Of one's mails; "" for English. */
  language: string;
  timezone: string;
  kinds: { kind: string; category: string; channel: Channel; usual: Channel; required: boolean }[];
}

export interface Notification extends Stored {
  user: string;
  kind: string;
  /** How many came together. */
  count: number;
  params: Record<string, unknown> | null;
  title: string;
  body: string;
  link: string;
  readAt: string;
}

export type Perspective = 'income' | 'spend';

export interface Share {
  id: string;
  title?: string;
  amount: number;
}

export interface CurrencySummary {
  currency: string;
  held: number;
  clearing: number;
  available: number;
  inTransit: number;
  total: number;
  thisMonth: number;
  lastMonth: number;
  thisYear: number;
  byProject: Share[];
  byCounterpart: Share[];
}

export interface EarningsSummary {
  perspective: Perspective;
  timezone: string;
  currencies: CurrencySummary[];
}

export interface Month {
  month: string;
  amount: number;
  count: number;
}

export interface MonthlySeries {
  currency: string;
  months: Month[];
}

/** Where a predicted amount comes from; the parts add up to it. */
export interface ForecastParts {
  earned: number;
  level: number;
  trend: number;
  season: number;
  pooled: number;
  committed: number;
  probable: number;
  late: number;
  overdue: number;
  speculative: number;
}

export interface ForecastMonth {
  month: string;
  mean: number;
  lower80: number;
  upper80: number;
  lower95: number;
  upper95: number;
  parts: ForecastParts;
}

export interface Reason {
  kind: string;
  amount?: number;
  share?: number;
  count?: number;
  id?: string;
  title?: string;
  text: string;
}

export interface PipelineBucket {
  count: number;
  amount: number;
  expected: number;
}

export interface PipelineItem {
  item: string;
  kind: 'payment' | 'milestone' | 'proposal' | 'project';
  bucket: 'committed' | 'probable' | 'speculative';
  title: string;
  project: string;
  counterpart?: string;
  amount: number;
  expected: number;
  month: string;
  overdue: boolean;
}

export interface PipelineSummary {
  committed: PipelineBucket;
  probable: PipelineBucket;
  speculative: PipelineBucket;
  overdue: PipelineBucket;
  rate: number;
  won: number;
  decided: number;
  items: PipelineItem[];
  left: number;
}

export interface ForecastRecord {
  months: number;
  hit80: number;
  hit95: number;
  meanError: number;
  bias: number;
  nextMonth: number;
}

/** A question about the future; the server stores nothing. */
export interface Change {
  kind: 'drop_client' | 'delay' | 'add_contract';
  client?: string;
  item?: string;
  months?: number;
  amounts?: number[];
}

export interface WhatIfAnswer {
  before: EarningsForecast;
  after: EarningsForecast;
  difference: number;
  monthDifferences: number[];
}

export interface PastForecast {
  day: string;
  total: number;
  months: (ForecastMonth & { actual?: number; hit80?: boolean })[];
}

export interface ForecastHistory {
  currency: string;
  record: ForecastRecord;
  forecasts: PastForecast[];
}

interface Score {
  mase: number;
  smape: number;
}

export interface EarningsForecast {
  perspective: Perspective;
  currency: string;
  confidence: { level: 'none' | 'peers' | 'pipeline' | 'early' | 'fair' | 'full'; months: number };
  why: Reason[];
  history: Month[];
  earned: number;
  months: ForecastMonth[];
  total: number;
  total80: [number, number];
  total95: [number, number];
  parts: ForecastParts;
  pipeline: PipelineSummary;
  record: ForecastRecord;
  method: string;
  backtest: { origins: number; months: number; own: Score; naive: Score; seasonalNaive: Score; coverage80: number; coverage95: number };
}

/** One movement on a person's account; at is Unix milliseconds. */
export interface StatementLine {
  at: number;
  ref: string;
  kind: 'fund' | 'release' | 'refund' | 'dispute' | 'undispute' | 'roll' | 'payout' | 'payout-settled' | 'payout-reversed';
  payment: string;
  project: string;
  title: string;
  counterpart: string;
  currency: string;
  amount: number;
  balance: number;
}

export interface Statement {
  perspective: Perspective;
  timezone: string;
  lines: StatementLine[];
}

/** A file made for a milestone; version counts the files of its name. */
export interface Deliverable extends Stored {
  milestone: string;
  contract: string;
  name: string;
  version: number;
  size: number;
  note: string;
  submittedAt: string;
  file: string;
}

export interface Invoice extends Stored {
  number: string;
  kind: 'invoice' | 'fee' | 'credit_note' | 'fee_credit_note';
  amount: number;
  currency: string;
  issuedAt: string;
}

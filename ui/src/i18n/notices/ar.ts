// الإشعارات بالعربية. المفاتيح والقيم المملوءة كما في الخادم (services/notification_kinds.go).
import type { Message } from '../catalogue';
import type { DeadlineKind, Notice, NoticeKind } from './texts';

const count = (two: string, few: string, many: string): Message => ({ zero: many, one: many, two, few, many, other: many });
const why = '{reason}';
const note = '{note}';

export const ar: Record<NoticeKind, Notice> = {
  'proposal.submitted': { title: 'عرض جديد على {title}', many: count('عرضان جديدان على {title}', '{count} عروض جديدة على {title}', '{count} عرضًا جديدًا على {title}'), body: '{amount}' },
  'proposal.rejected': { title: 'لم يُختر عرضك على {title}', body: why },
  'proposal.withdrawn': { title: 'سُحب عرض على {title}', many: count('سُحب عرضان على {title}', 'سُحبت {count} عروض على {title}', 'سُحب {count} عرضًا على {title}'), body: why },
  'proposal.changed': { title: 'عُدّل عرض على {title}', many: count('عُدّل عرض على {title} مرتين', 'عُدّل عرض على {title} {count} مرات', 'عُدّل عرض على {title} {count} مرة'), body: '{amount}' },
  'proposal.expired': { title: 'انتهت مدة عرضك على {title}', body: why },
  'project.changed': { title: 'عُدّل {title} بعد أن قدّمت عرضك', body: 'اقرأه من جديد: يبقى عرضك كما هو حتى تعدّله أو تسحبه.' },
  'project.expired': { title: 'انتهت مدة {title}', body: '{reason} يمكنك نشره من جديد.' },
  'project.invited': { title: 'أنت مدعو إلى {title}', body: note },
  'search.matched': { title: 'جديد في «{name}»: {title}', many: count('{title} جديد في عمليتي بحث محفوظتين لك', '{title} جديد في {count} من عمليات بحثك المحفوظة', '{title} جديد في {count} من عمليات بحثك المحفوظة') },

  'contract.created': { title: 'وقع الاختيار عليك: {title}', body: '{amount}' },
  'contract.started': { title: 'بدأ عقدك: {title}', body: 'موّل المرحلة الأولى ليبدأ العمل.' },
  'contract.ended': { title: '{title}: أُنهي العقد', body: why },
  'contract.completed': { title: 'اكتمل {title}', body: 'صُرفت الدفعة الأخيرة.' },
  'contract.member_added': { title: 'أُضفت إلى غرفة {title}' },

  'milestone.submitted': { title: 'سُلّم العمل: {title}', many: count('سُلّم العمل مرتين: {title}', 'سُلّم العمل {count} مرات: {title}', 'سُلّم العمل {count} مرة: {title}'), body: note },
  'milestone.changes_requested': { title: 'طُلبت تعديلات: {title}', many: count('طُلبت تعديلات مرتين: {title}', 'طُلبت تعديلات {count} مرات: {title}', 'طُلبت تعديلات {count} مرة: {title}'), body: note },
  'milestone.part_approved': { title: 'اعتُمد جزء: {title}', body: why },
  'milestone.approved': { title: 'اعتُمد العمل: {title}', body: note },
  'milestone.auto_approved': { title: 'اعتُمد العمل تلقائيًا: {title}', body: 'لم يعترض أحد في الموعد، فعُدّ العمل مقبولًا.' },
  'deadline.reminder': { title: '{title}: {deadlineText} في {due}' },

  'payment.held': { title: 'حُجز {part} لأجل {title}', body: 'يمكنك البدء.' },
  'payment.failed': { title: 'لم تتم دفعة', many: count('لم تتم دفعتان لأجل {title}', 'لم تتم {count} دفعات لأجل {title}', 'لم تتم {count} دفعة لأجل {title}'), body: why },
  'payment.released': { title: 'صُرف {part} لأجل {title}', many: count('صُرف {total} لأجل {title} على دفعتين', 'صُرف {total} لأجل {title} على {count} دفعات', 'صُرف {total} لأجل {title} على {count} دفعة'), body: why },
  'payment.refunded': { title: 'أُعيد {part} من {title}', many: count('أُعيد {total} من {title} على دفعتين', 'أُعيد {total} من {title} على {count} دفعات', 'أُعيد {total} من {title} على {count} دفعة'), body: why },
  'payment.given_back': { title: 'عاد {part} من {title} إلى العميل', many: count('عاد {total} من {title} إلى العميل على دفعتين', 'عاد {total} من {title} إلى العميل على {count} دفعات', 'عاد {total} من {title} إلى العميل على {count} دفعة'), body: why },
  'payment.refund_asked': { title: 'يُطلب منك إعادة {part} من {title}', body: why },
  'payment.refund_declined': { title: 'رُفضت إعادة المال من {title}', body: why },

  'destination.changed': { title: 'سيُحوَّل مالك إلى {label} {hint}', body: 'إن لم تكن أنت من فعل ذلك فأعده كما كان وغيّر كلمة مرورك.' },
  'destination.active': { title: 'يمكن استخدام {label} للسحب' },
  'payout.requested': { title: 'طُلب سحب {amount}', body: why },
  'payout.sent': { title: 'أُرسل سحبك وقدره {amount}', body: why },
  'payout.settled': { title: 'وصل سحبك وقدره {amount}', body: why },
  'payout.failed': { title: 'لم يتم سحبك وقدره {amount}', body: why },
  'payout.returned': { title: 'عاد سحبك وقدره {amount}', body: why },

  'dispute.opened': { title: 'فُتح نزاع: {title}', body: why },
  'dispute.answered': { title: 'أُجيب عن النزاع: {title}', body: why },
  'dispute.offered': { title: 'عرض تسوية جديد في النزاع: {title}', many: count('عرضا تسوية جديدان في النزاع: {title}', '{count} عروض تسوية جديدة في النزاع: {title}', '{count} عرض تسوية جديدًا في النزاع: {title}'), body: why },
  'dispute.escalated': { title: 'يبت مشرف في النزاع: {title}', body: why },
  'dispute.closed': { title: 'أُغلق النزاع: {title}', body: why },
  'chargeback.opened': { title: 'بنك يريد استعادة {amount}: {title}', body: 'طُلب من بنك العميل استعادة دفعة. ما بقي محجوزًا منها مقفل حتى يقرر البنك، وما صُرف منها لا يمكن سحبه الآن.' },
  'chargeback.closed': { title: 'قرر البنك بشأن {amount}: {title}', body: 'نتيجة طلب الاستعادة: {status}.' },
  'chargeback.recovered': { title: 'تقرر من يتحمل استعادة {amount}: {title}' },

  'review.opened': { title: 'كيف كانت التجربة؟ قيّم {title}', body: 'أمامك حتى {due}. لا يقرأ أحد التقييم قبل أن يكتب كلاكما أو يحل ذلك اليوم.' },
  'review.sealed': { title: 'جاءك تقييم عن {title}', body: 'يمكنك قراءته حين تكتب تقييمك أو حين تنتهي مدة التقييم.' },
  'review.published': { title: 'نُشر تقييمك عن {title}' },
  'review.replied': { title: 'جاء رد على تقييمك عن {title}' },

  'message.mention': { title: 'ذُكرت في رسالة', many: count('ذُكرت مرتين', 'ذُكرت {count} مرات', 'ذُكرت {count} مرة'), body: note },
  'message.unread': { title: 'رسالة جديدة في {title}', many: count('رسالتان جديدتان في {title}', '{count} رسائل جديدة في {title}', '{count} رسالة جديدة في {title}'), body: note },
};

export const deadlines: Record<DeadlineKind, string> = {
  'auto-release': 'يُعتمد العمل ويُدفع ما لم تُطلب تعديلات',
  'proposal-expiry': 'تنتهي مدة العرض',
  'project-expiry': 'تنتهي مدة المشروع',
  dormant: 'يعود المال المحجوز إلى العميل',
  'dispute-answer': 'يُحسم النزاع لمن فتحه ما لم يُجب عنه',
  'dispute-talks': 'تنتهي المفاوضات حول النزاع',
  'review-window': 'تنتهي مدة كتابة التقييم',
  'destination-hold': 'يمكن استخدام وجهة السحب',
};

/** What the server itself writes as a reason; people's own words stay as they are. */
export const sentences: Record<string, string> = {
  'Another proposal was accepted.': 'قُبل عرض آخر.',
  'The project was cancelled.': 'أُلغي المشروع.',
  'The project expired.': 'انتهت مدة المشروع.',
  'The contract was ended.': 'أُنهي العقد.',
  'The account was closed.': 'أُغلق الحساب.',
  'The milestone was approved.': 'اعتُمدت المرحلة.',
  'The bank did not take it.': 'لم يقبله البنك.',
  'The bank sent it back.': 'أعاده البنك.',
  won: 'لصالح المنصة',
  lost: 'لصالح العميل',
};

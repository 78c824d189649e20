// العروض: المراحل والمقارنة.
import type { Message } from '../catalogue';
import type { en } from './en';

export const ar: Record<keyof typeof en, Message> = {
  'propose.pay': 'كيف يُدفع المبلغ؟',
  'propose.payWhole': 'كاملًا عند إنجاز العمل',
  'propose.paySteps': 'على مراحل',
  'propose.payStepsText': 'تُموَّل كل مرحلة وتُسلَّم وتُدفع على حدة.',
  'propose.step': 'المرحلة {count}',
  'propose.stepTitle': 'ما الذي سيُسلَّم',
  'propose.stepAdd': 'أضف مرحلة',
  'propose.stepRemove': 'احذف المرحلة {count}',
  'propose.stepLimit': 'لا تزيد مراحل العرض الواحد على {count}.',
  'propose.sum': 'سعرك للعمل كله:',
  'proposal.milestones': 'المراحل',
  'compare.table': 'العروض جنبًا إلى جنب',
  'compare.caption': 'كل العروض؛ ترتّب العناوينُ الجدولَ والبطاقات تحته.',
  'compare.by.price': 'السعر',
  'compare.by.days': 'المدة',
  'compare.by.rating': 'التقييم',
  'compare.by.jobs': 'أعمال منجزة',
  'compare.by.milestones': 'المراحل',
  'compare.by.sent': 'أُرسل',
  'compare.status': 'الحالة',
  'compare.unknown': 'غير معروف',
  'error.milestones_sum': 'مجموع المراحل لا يساوي السعر.',
  'error.too_many_milestones': 'هذه المراحل أكثر مما يسمح به العرض الواحد.',
  'error.proposal_changed': 'عدّل المستقل هذا العرض بعد أن قرأته. أغلق هذه النافذة واقرأه من جديد ثم قرر.',
};

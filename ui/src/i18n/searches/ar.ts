// عمليات البحث المحفوظة
import type { Message } from '../catalogue';
import type { en } from './en';

export const ar: Record<keyof typeof en, Message> = {
  'searches.title': 'عمليات البحث المحفوظة',
  'searches.save': 'احفظ هذا البحث',
  'searches.saveText': 'نُعلمك بكل مشروع جديد مطابق: هنا فورًا، وبالبريد كما اخترت في حسابك.',
  'searches.name': 'الاسم',
  'searches.saved': 'حُفظ البحث. سنُعلمك بالمشاريع الجديدة المطابقة.',
  'searches.isSaved': 'محفوظ باسم «{name}»',
  'searches.none': 'لا عمليات بحث محفوظة بعد',
  'searches.noneText': 'ابحث عن مشاريع ثم احفظ البحث: نُعلمك بكل مشروع جديد مطابق.',
  'searches.all': 'كل مشروع جديد',
  'searches.without': 'من دون {words}',
  'searches.min': '{amount} على الأقل',
  'searches.paused': 'متوقف مؤقتًا',
  'searches.pause': 'أوقف مؤقتًا',
  'searches.resume': 'استأنف',
  'searches.rename': 'غيّر الاسم',
  'searches.delete': 'احذف',
  'searches.deleteText': 'لن نُعلمك بعد الآن بمشاريع «{name}».',
  'searches.deleted': 'حُذف البحث.',
  'searches.limit': '{count} من {max} عملية بحث',
  'notify.category.searches': 'عمليات البحث المحفوظة',
  'error.too_many_searches': 'بلغت أقصى عدد من عمليات البحث المحفوظة. احذف واحدة أولًا.',
};

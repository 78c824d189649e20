// الملفات
import type { Message } from '../catalogue';
import type { en } from './en';

export const ar: Record<keyof typeof en, Message> = {
  'files.choose': 'أضف ملفات',
  'files.remove': 'أزل {name}',
  'files.cancel': 'تخلَّ عن {name}',
  'files.limit': '{count} ملفات على الأكثر، كل منها {size}.',
  'files.progress': 'تقدم {name}',
  'files.sending': 'جارٍ الإرسال …',
  'files.waiting': 'في انتظار الاتصال …',
  'files.finishing': 'جارٍ التحقق …',
  'files.attachments': 'الملفات',
  'files.samples': 'نماذج من عملك',
  'files.drop': 'أفلت الملفات لإرسالها',
  'deliverables.title': 'التسليمات',
  'deliverables.add': 'أضف تسليمات',
  'deliverables.version': 'الإصدار {count}',
  'deliverables.draft': 'لم تُسلَّم بعد',
  'invoices.tab': 'الفواتير',
  'invoices.none': 'لا فواتير بعد',
  'invoices.noneText': 'لكل دفعة مصروفة فاتورة.',
  'invoices.pdf': 'ملف للطباعة',
  'invoices.json': 'بيانات',
  'invoices.invoice': 'فاتورة {number}',
  'invoices.credit': 'إشعار دائن {number}',
  'error.upload_incomplete': 'لم يصل كل شيء. حاول مجددًا: ما وصل لا يُرسل مرتين.',
  'error.upload_mismatch': 'الملف ليس كما أُعلن، أو من نوع لا يُقبل. اختره مجددًا.',
  'error.upload_closed': 'انتهى هذا الرفع. اختر الملف مجددًا.',
  'error.file_too_large': 'هذا الملف كبير جدًا.',
  'error.storage_unavailable': 'مخزن الملفات لا يجيب. حاول بعد لحظة.',
  'error.deliverable_kept': 'تُحفظ التسليمات ما دام العقد ساريًا.',
};

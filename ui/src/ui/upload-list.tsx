import { useI18n } from '../i18n/i18n';
import { percent } from '../lib/intl';
import { formatSize } from '../lib/size';
import { cancelUpload, useUploads } from '../live/uploads';
import { IconButton } from './button';
import { useSentence } from './feedback';

/** What is on its way to a milestone or a chat, with its progress. */
export function UploadList({ subject }: { subject: string }) {
  const { t, locale } = useI18n();
  const sentence = useSentence();
  const uploads = useUploads(subject);
  return (
    <ul className="space-y-2 empty:hidden">
      {uploads.map((one) => {
        const share = one.size > 0 ? one.sent / one.size : 0;
        return (
          <li key={one.key} className="flex items-center gap-2 rounded-lg bg-sunken py-1 ps-3">
            <div className="min-w-0 flex-1">
              <p className="flex justify-between gap-3 text-sm"><span className="truncate" dir="auto">{one.name}</span><span className="figures whitespace-nowrap text-muted">{formatSize(one.size, locale)}</span></p>
              <progress className="upload mt-1 block h-1.5 w-full" max={1} value={share} aria-label={t('files.progress', { name: one.name })} />
              <p className={`mt-0.5 text-xs ${one.state === 'failed' ? 'text-danger' : 'text-muted'}`}>{one.state === 'failed' ? sentence(one.error) : `${t(`files.${one.state}`)} ${percent(locale, share)}`}</p>
            </div>
            <IconButton icon="close" label={t('files.cancel', { name: one.name })} onClick={() => cancelUpload(one.key)} />
          </li>
        );
      })}
    </ul>
  );
}

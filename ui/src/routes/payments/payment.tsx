// Links to a payment (from notifications) lead to its contract, where it is shown.
import { Navigate, useParams, useSearchParams } from 'react-router';
import { usePayment } from '../../data/payments';
import { useProject } from '../../data/projects';
import { useContractOf } from '../../data/projects';
import { useI18n } from '../../i18n/i18n';
import { ErrorNotice, SkeletonRows } from '../../ui/feedback';
import { Page } from '../../ui/page';

export default function PaymentPage() {
  const { id = '' } = useParams();
  const { t } = useI18n();
  const confirmed = useSearchParams()[0].has('confirmed');
  const payment = usePayment(id);
  const contract = useContractOf(payment.data?.project ?? '', payment.data?.contract === '');
  const project = useProject(payment.data?.contract === '' ? payment.data.project : '');
  const to = payment.data?.contract || contract.data?.id;
  if (to) return <Navigate to={`/contracts/${to}`} state={confirmed ? { confirmed: id } : null} replace />;
  return (
    <Page title={t('payment.title')} width="narrow">
      <ErrorNotice error={payment.error ?? contract.error ?? project.error} onRetry={() => void payment.refetch()} />
      {payment.isPending && <SkeletonRows count={1} />}
    </Page>
  );
}

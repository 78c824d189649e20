// The table of screens. What the browse page needs is in the first script; the rest is loaded when visited.
import { lazy, Suspense, type ReactNode } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router';
import { useMe } from './data/me';
import { part } from './lib/part';
import { Home } from './routes/home/home';
import { Browse } from './routes/projects/browse';
import { ErrorBoundary } from './shell/error-boundary';
import { LivePart } from './shell/live-part';
import { Shell } from './shell/shell';
import { PageSkeleton } from './shell/page-skeleton';

const ProjectPage = lazy(part(() => import('./routes/projects/project')));
const EditProject = lazy(part(() => import('./routes/projects/edit')));
const Compare = lazy(part(() => import('./routes/projects/compare')));
const Directory = lazy(part(() => import('./routes/people/directory')));
const Profile = lazy(part(() => import('./routes/people/profile')));
const Work = lazy(part(() => import('./routes/work/work')));
const ProposalPage = lazy(part(() => import('./routes/proposals/proposal')));
const Room = lazy(part(() => import('./routes/contracts/room')));
const PaymentPage = lazy(part(() => import('./routes/payments/payment')));
const Payouts = lazy(part(() => import('./routes/money/payouts')));
const StatementPage = lazy(part(() => import('./routes/money/statement')));
const Invoices = lazy(part(() => import('./routes/money/invoices')));
const PaymentList = lazy(part(() => import('./routes/money/payments')));
const Messages = lazy(part(() => import('./routes/messages/messages')));
const Notifications = lazy(part(() => import('./routes/notifications/notifications')));
const Dashboard = lazy(part(() => import('./routes/dashboard/dashboard')));
const Account = lazy(part(() => import('./routes/account/account')));
const SignIn = lazy(part(() => import('./routes/auth/sign-in')));
const SignUp = lazy(part(() => import('./routes/auth/sign-up')));
const MailLink = lazy(part(() => import('./routes/auth/links')));
const ForgotPassword = lazy(part(() => import('./routes/auth/forgot-password')));
const NotFound = lazy(part(() => import('./shell/not-found')));

/** Sends people who are not signed in to sign in, and back here afterwards. */
function Private({ children }: { children: ReactNode }) {
  const me = useMe();
  const { pathname, search } = useLocation();
  if (me) return children;
  return <Navigate to={`/sign-in?next=${encodeURIComponent(pathname + search)}`} replace />;
}

export function App() {
  const { pathname } = useLocation();
  return (
    <Shell>
      <LivePart />
      <ErrorBoundary key={pathname.split('/')[1]}>
        <Suspense fallback={<PageSkeleton />}>
          <Routes>
            <Route path="/" element={<Home />} />
            <Route path="/projects" element={<Browse />} />
            <Route path="/projects/new" element={<Private><EditProject /></Private>} />
            <Route path="/projects/:id" element={<ProjectPage />} />
            <Route path="/projects/:id/edit" element={<Private><EditProject /></Private>} />
            <Route path="/projects/:id/proposals" element={<Private><Compare /></Private>} />
            <Route path="/freelancers" element={<Directory />} />
            <Route path="/people/:id" element={<Profile />} />
            <Route path="/work/:tab?" element={<Private><Work /></Private>} />
            <Route path="/proposals/:id" element={<Private><ProposalPage /></Private>} />
            <Route path="/contracts/:id" element={<Private><Room /></Private>} />
            <Route path="/payouts" element={<Private><Payouts /></Private>} />
            <Route path="/statement" element={<Private><StatementPage /></Private>} />
            <Route path="/invoices" element={<Private><Invoices /></Private>} />
            <Route path="/payments" element={<Private><PaymentList /></Private>} />
            <Route path="/payments/:id" element={<Private><PaymentPage /></Private>} />
            <Route path="/messages/:id?" element={<Private><Messages /></Private>} />
            <Route path="/notifications" element={<Private><Notifications /></Private>} />
            <Route path="/dashboard" element={<Private><Dashboard /></Private>} />
            <Route path="/account/:tab?" element={<Private><Account /></Private>} />
            <Route path="/sign-in" element={<SignIn />} />
            <Route path="/sign-up" element={<SignUp />} />
            <Route path="/forgot-password" element={<ForgotPassword />} />
            <Route path="/confirm-email" element={<MailLink kind="confirm-email" />} />
            <Route path="/reset-password" element={<MailLink kind="reset-password" />} />
            <Route path="/change-email" element={<MailLink kind="change-email" />} />
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </ErrorBoundary>
    </Shell>
  );
}

// Beside anything that the server refuses for an old sign-in: asks for a fresh one, and does it again.
import type { UseMutationResult } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { failureOf } from '../../lib/errors';
import { part } from '../../lib/part';

const SignInAgain = lazy(part(() => import('./sign-in-again')));

/** Tells whether something was refused because the sign-in is too old for it. */
export const tooOld = (error: unknown) => failureOf(error).code === 'sign_in_again';

interface Props<Answer, Values> {
  /** What was refused. Giving up takes it back to where it was before. */
  run: UseMutationResult<Answer, unknown, Values>;
}

export function Again<Answer, Values>({ run }: Props<Answer, Values>) {
  if (!tooOld(run.error)) return null;
  return <Suspense><SignInAgain onClose={run.reset} onDone={() => run.mutate(run.variables as Values)} /></Suspense>;
}

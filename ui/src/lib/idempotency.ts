// An Idempotency-Key belongs to one intention of a person: pressing a button
// again after the network failed is the same intention, changing the amount is a new one.
import { failureOf } from './errors';

/**
 * Says whether the same key must be used again: when we cannot know whether the
 * command was carried out, or the server asked us to come back with it.
 */
export function mustRetryWithSameKey(error: unknown): boolean {
  const failure = failureOf(error);
  if (failure.status === 0 || failure.status >= 500) return true;
  return ['request_in_progress', 'peer_unavailable', 'provider_pending', 'confirmation_required', 'too_many_requests', 'token_expired'].includes(failure.code);
}

/** Hands out the key of the present intention. */
export class Intent {
  private key = '';
  private body = '';

  constructor(private readonly random: () => string = () => crypto.randomUUID()) {}

  /** The key for this command and body: the one handed out before if nothing changed and nothing is settled. */
  keyFor(path: string, body: unknown): string {
    const now = `${path} ${JSON.stringify(body ?? null)}`;
    if (this.key === '' || now !== this.body) {
      this.key = this.random();
      this.body = now;
    }
    return this.key;
  }

  /** Tells how the command ended; a definite end (done or refused) makes the next press a new intention. */
  settle(error?: unknown): void {
    if (error === undefined || !mustRetryWithSameKey(error)) this.key = '';
  }
}

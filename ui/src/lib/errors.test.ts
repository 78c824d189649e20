import { ClientResponseError } from 'pocketbase';
import { expect, test } from 'vitest';
import { endsSession, failureOf, fieldKey, sentenceKey } from './errors';
import { mustRetryWithSameKey, Intent } from './idempotency';

function refused(status: number, data: Record<string, unknown> = {}, message = ''): ClientResponseError {
  return new ClientResponseError({ url: '/', status, response: { status, message, data } });
}

test('a rule error keeps its code, its sentence and its data', () => {
  const failure = failureOf(refused(409, { code: 'illegal_transition', allowed: ['publish'] }, 'Cannot publish.'));
  expect(failure).toMatchObject({ status: 409, code: 'illegal_transition', message: 'Cannot publish.', data: { allowed: ['publish'] } });
  expect(sentenceKey(failure)).toBe('error.illegal_transition');
});

test('validation errors are found by field, in both shapes', () => {
  expect(failureOf(refused(400, { title: { code: 'validation_required', message: 'Cannot be blank.' }, code: 'invalid_input' })).fields).toEqual({ title: 'validation_required' });
  expect(failureOf(refused(400, { code: 'not_an_integer', field: 'amount' })).fields).toEqual({ amount: 'not_an_integer' });
  expect(fieldKey('validation_required')).toBe('field.validation_required');
  expect(fieldKey('something_new')).toBe('field.invalid');
});

test('no answer is offline, and a strange error is ours', () => {
  expect(failureOf(refused(0)).code).toBe('offline');
  expect(failureOf(refused(500)).code).toBe('internal_error');
  expect(failureOf(new TypeError('x is undefined'))).toMatchObject({ status: 0, code: 'internal_error' });
  expect(sentenceKey(failureOf(refused(418, { code: 'unheard_of' })))).toBeNull();
});

test('an expired token does not end the session, a revoked one does', () => {
  expect(endsSession(failureOf(refused(401, { code: 'token_expired' })))).toBe(false);
  expect(endsSession(failureOf(refused(401, { code: 'token_revoked' })))).toBe(true);
  expect(endsSession(failureOf(refused(401, { code: 'refresh_reused' })))).toBe(true);
  expect(endsSession(failureOf(refused(403, { code: 'forbidden' })))).toBe(false);
});

test.each([[0, 'offline', true], [500, 'internal_error', true], [503, 'provider_pending', true], [503, 'peer_unavailable', true], [409, 'request_in_progress', true], [429, 'too_many_requests', true],
  [402, 'payment_declined', false], [400, 'invalid_input', false], [409, 'illegal_transition', false], [422, 'idempotency_key_reused', false]])(
  'after %i %s the same key is kept: %s', (status, code, same) => {
    expect(mustRetryWithSameKey(refused(status, { code }))).toBe(same);
  });

function counting(): () => string {
  let count = 0;
  return () => `key-${++count}`;
}

test('pressing again after the connection was lost is the same intention', () => {
  const intent = new Intent(counting());
  expect(intent.keyFor('payments', { amount: 5 })).toBe('key-1');
  intent.settle(refused(0));
  expect(intent.keyFor('payments', { amount: 5 })).toBe('key-1');
});

test('a definite no, a success, another body or another command make a new intention', () => {
  const intent = new Intent(counting());
  expect(intent.keyFor('payments', { source: 'a' })).toBe('key-1');
  intent.settle(refused(402, { code: 'payment_declined' }));
  expect(intent.keyFor('payments', { source: 'a' })).toBe('key-2');
  intent.settle();
  expect(intent.keyFor('payments', { source: 'a' })).toBe('key-3');
  intent.settle(refused(0));
  expect(intent.keyFor('payments', { source: 'b' })).toBe('key-4');
  expect(intent.keyFor('payments/1/release', { source: 'b' })).toBe('key-5');
});

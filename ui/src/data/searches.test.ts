import { expect, test } from 'vitest';
import { searchOf } from '../routes/projects/search';
import type { SavedSearch } from '../types';
import { addressOf, savedAs, toSaved } from './searches';

const saved = (address: string) => ({ id: address, name: address, ...toSaved(searchOf(new URLSearchParams(address.split('?')[1]))) }) as SavedSearch;

test('a saved search leads back to the search it was', () => {
  for (const address of ['/projects', '/projects?q=shop', '/projects?q=%22caf%C3%A9%22+%26+tea&without=logo&category=design&currency=EUR&min=5000']) {
    expect(addressOf(saved(address))).toBe(address);
  }
});

test('the order is not saved, and a lowest budget only with its currency', () => {
  expect(addressOf(saved('/projects?q=shop&sort=budget&min=5000'))).toBe('/projects?q=shop');
});

test('a search that is saved is recognised', () => {
  const all = [saved('/projects?q=shop'), saved('/projects?q=shop&currency=EUR')];
  expect(savedAs(searchOf(new URLSearchParams('q=shop&sort=fewest')), all)?.name).toBe('/projects?q=shop');
  expect(savedAs(searchOf(new URLSearchParams('q=shops')), all)).toBeUndefined();
});

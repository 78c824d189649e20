import { projectSorts, type ProjectSearch, type ProjectSort } from '../../data/projects';

/** Reads a search from the address; what makes no sense there is ignored. */
export function searchOf(params: URLSearchParams): ProjectSearch {
  const sort = params.get('sort') ?? '';
  const min = Number(params.get('min') ?? 0);
  return {
    q: params.get('q') ?? '', without: params.get('without') ?? '', category: params.get('category') ?? '', currency: params.get('currency') ?? '',
    min: Number.isSafeInteger(min) && min > 0 ? min : 0,
    sort: projectSorts.includes(sort as ProjectSort) ? (sort as ProjectSort) : 'newest',
  };
}

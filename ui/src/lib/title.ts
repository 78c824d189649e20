// The document's title: the page, the product, and how much is unread.
let page = '';
let unread = 0;

function apply(): void {
  document.title = `${unread > 0 ? `(${unread > 99 ? '99+' : unread}) ` : ''}${page ? `${page} · ` : ''}LancersHub`;
}

export function setPageTitle(title: string): void {
  page = title;
  apply();
}

export function setUnreadInTitle(count: number): void {
  unread = count;
  apply();
}

// What would be lost with this page: files are kept in it until they are sent.
// While there are some, the browser asks before it closes or reloads the page.

let held = 0;

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Asks before leaving until the returned function is called. */
export function holdPage(): () => void {
  if (held++ === 0) addEventListener('beforeunload', ask);
  let done = false;
  return () => {
    if (done) return;
    done = true;
    if (--held === 0) removeEventListener('beforeunload', ask);
  };
}

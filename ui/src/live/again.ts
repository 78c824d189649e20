// Trying again with growing pauses, as long as it takes.

const firstPauseMs = 1000;
const longestPauseMs = 30_000;

/** Does its work again after a pause that doubles with every failure in a row. */
export class Again {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;

  constructor(private readonly work: () => void) {}

  /** It failed: try later. */
  later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.work, Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.failures, 10)));
    this.failures++;
  }

  /** It worked, or something says that it would now: the next failure is the first. */
  reset(): void {
    clearTimeout(this.timer);
    this.failures = 0;
  }
}

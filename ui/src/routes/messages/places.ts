// Where the rows in view stand. A row that turns out higher than it was guessed
// moves all rows below it down the list, and the list scrolls by as much, so that
// nothing moves on the screen. Written into each row that is style, layout and
// paint for all of them, in every frame in which one came into view. So the rows
// keep their places within a part that moves as a whole, by one number.

interface Row {
  key: number | string | bigint;
  /** Where it begins in the list, in pixels. */
  start: number;
}

export class Places {
  private standing = new Map<Row['key'], number>();

  /** By how much the part is to be moved, and where in it each of the rows stands. */
  lay(rows: readonly Row[]): { shift: number; tops: number[] } {
    const middle = rows.length >> 1;
    // What changes is at one end of the rows, where they come into view: those in the middle stay.
    const known = rows.slice(middle).concat(rows.slice(0, middle)).find((row) => this.standing.has(row.key)) ?? rows[middle];
    const shift = known ? known.start - (this.standing.get(known.key) ?? 0) : 0;
    const tops = rows.map((row) => row.start - shift);
    this.standing = new Map(rows.map((row) => [row.key, row.start - shift]));
    return { shift, tops };
  }
}

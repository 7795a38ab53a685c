// Looking over encoded values without making them: what a hub has to know of everything it stored is little, and making a
// hundred thousand records costs a second and as much memory as all the rest.

/**
 * Walks over the items of encoded values, in order. Whoever is told that something else comes than asked for gives up: where
 * the scan stands then is not said, and only decoding tells. What it says is never other than what decoding would.
 */
export interface Scan {
  /** Begins at the first item of these bytes, which stay as they are meanwhile. */
  begin(bytes: Uint8Array): void
  /** Goes into the map that comes next: how many entries it has; -1 when something else comes. */
  map(): number
  /** Goes into the list that comes next: how many items it has; -1 when something else comes. */
  list(): number
  /** Goes past the text that comes next, and says whether it is this one, or that part of it. */
  is(text: string, from?: number, to?: number): boolean
  /**
   * Goes past the text that comes next: that text; undefined when something else comes, or a text that is not of ASCII. `likely`:
   * what it probably is; that costs least.
   */
  text(likely?: string): string | undefined
  /** Goes past the whole number that comes next, which is not negative and survives every codec; -1 when something else comes. */
  count(): number
  /** Goes past plain data (`isPlain` of core/wire.ts) no deeper than `depth`. */
  plain(depth: number): 'null' | 'other' | 'none'
  /** Whether nothing is left. */
  readonly isAtEnd: boolean
}

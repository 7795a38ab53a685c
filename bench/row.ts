// What every bench prints.

/** One measured figure beside its target. */
export interface Row {
  readonly what: string
  readonly measured: string
  readonly target: string
  readonly isMet: boolean
}

/** The rows, and what is printed before them. */
export interface Report {
  readonly rows: readonly Row[]
  readonly text: readonly string[]
}

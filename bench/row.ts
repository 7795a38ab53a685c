// What every bench prints.

/** One measured figure beside its target. */
export interface Row {
  readonly what: string
  readonly measured: string
  readonly target: string
  readonly isMet: boolean
}

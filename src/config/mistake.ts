// What is wrong with a configuration: where, what, and what to do about it. Mistakes are collected, never thrown one by one.

export interface Mistake {
  /** `membership.probe_timeout`, or the name of a file or variable. */
  readonly path: string
  readonly message: string
  readonly hint?: string
  /** Which file, variable or flag said it; left out for a default. */
  readonly from?: string
}

/** What changes nothing and is worth a line: a name of an older installation that means nothing here. */
export interface Note {
  readonly name: string
  readonly message: string
}

/** For people: one line a mistake, its hint below it. */
export function describeMistakes(mistakes: readonly Mistake[]): string {
  const lines = mistakes.flatMap(({ path, message, hint, from }) => [
    `  ${path}: ${message}${from === undefined || from === path ? '' : ` (${from})`}`,
    ...(hint === undefined ? [] : [`      ${hint}`]),
  ])
  return [`${mistakes.length} ${mistakes.length === 1 ? 'mistake' : 'mistakes'} in the configuration:`, ...lines].join(
    '\n',
  )
}

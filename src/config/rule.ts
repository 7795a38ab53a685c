// What a rule between settings is.

import type { Mistake } from './mistake.ts'
import type { Config } from './schema.ts'

export interface Rule {
  /** The settings that the rule reads; the first is where its mistake is reported. */
  readonly reads: readonly [string, ...string[]]
  readonly check: (config: Config) => Omit<Mistake, 'path'> | undefined
}

export function unless(holds: boolean, mistake: Omit<Mistake, 'path'>): Omit<Mistake, 'path'> | undefined {
  return holds ? undefined : mistake
}

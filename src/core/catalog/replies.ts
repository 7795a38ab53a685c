// What callers are told of their writes, once the disk has answered.

import { refuse } from '../errors.ts'
import type { CallId, Effect } from '../machine.ts'
import type { CatalogProtocol } from './protocol.ts'
import type { Outcome } from './writes.ts'

export interface Answer {
  readonly call: CallId
  readonly outcomes: readonly Outcome[]
}

/** What callers are told, and what they brought about. */
export function repliesTo(answers: readonly Answer[], ok: boolean): Effect<CatalogProtocol>[] {
  return answers.flatMap(({ call, outcomes }): Effect<CatalogProtocol>[] => {
    if (ok) {
      const change = { type: 'written', outcomes } as const
      return [
        { type: 'reply', call, result: { ok, outcomes } },
        { type: 'change', change },
      ]
    }
    const detail = 'The disk does not take writes; this one may still take effect when it does'
    return [{ type: 'reply', call, result: refuse('storage-failed', detail) }]
  })
}

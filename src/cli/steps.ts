// What is looked into step by step: each is said to be well or not, with what to do about it. After a failure the rest is
// left out, because it rests on what failed.

import { table } from './table.ts'

export interface Step {
  readonly name: string
  readonly status: 'ok' | 'failed' | 'skipped'
  readonly ms: number
  readonly detail: string
  readonly hint?: string
}

/** Ends a step: what is wrong, and what to do about it. */
export class StepFailed extends Error {
  readonly hint: string
  constructor(detail: string, hint: string) {
    super(detail)
    this.name = 'StepFailed'
    this.hint = hint
  }
}

export class Steps {
  readonly all: Step[] = []

  get isWell(): boolean {
    return this.all.every(({ status }) => status === 'ok')
  }

  /** What the work found; undefined when it, or a step before it, failed. `say` puts what was found into words. */
  async take<T>(name: string, work: () => Promise<T>, say: (found: T) => string): Promise<T | undefined> {
    if (!this.isWell) {
      this.all.push({ name, status: 'skipped', ms: 0, detail: 'a step before it failed' })
      return undefined
    }
    const begun = performance.now()
    const ms = (): number => Math.round((performance.now() - begun) * 10) / 10
    try {
      const found = await work()
      this.all.push({ name, status: 'ok', ms: ms(), detail: say(found) })
      return found
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      const hint = error instanceof StepFailed ? { hint: error.hint } : {}
      this.all.push({ name, status: 'failed', ms: ms(), detail, ...hint })
      return undefined
    }
  }

  /** For people: a line a step, hints below. */
  text(): string {
    const rows = this.all.map(({ name, status, ms, detail }) => [name, status, `${ms} ms`, detail])
    const hints = this.all.flatMap(({ hint }) => (hint === undefined ? [] : ['', hint]))
    return [table(['STEP', '', 'TOOK', 'WHAT'], rows), ...hints].join('\n')
  }
}

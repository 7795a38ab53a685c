// Heartbeats that callers bring: those of known projects go to presence at once; a project that is not there is registered
// first, where that is allowed and the beat says enough.

import type { Write } from '../core/catalog/writes.ts'
import type { ProblemCode, Refusal } from '../core/errors.ts'
import type { Slug } from '../core/ids.ts'
import type { CallId } from '../core/machine.ts'
import type { Report } from '../core/presence/lease.ts'
import { type Now, second } from '../core/time.ts'
import type { BatchedBeat } from './calls.ts'
import type { BatchResult, Heartbeat } from './heartbeats.ts'
import { registrationWrite } from './projects.ts'
import type { Settings } from './settings.ts'
import type { ProjectStatus, Registration } from './shapes.ts'
import { type Asked, answer, answered, type DeskJob, type DeskStep, fullness, refusals, type Then } from './steps.ts'

export interface BeatsParts {
  readonly settings: Settings
  readonly projects: ReadonlySet<Slug>
  readonly statusOf: (slug: Slug, now: Now) => ProjectStatus
  /** Why there is no such project. */
  readonly absence: (slug: Slug) => Refusal
  readonly write: (call: CallId, job: DeskJob, then: Then) => readonly DeskStep[]
}

export class Beats {
  readonly #parts: BeatsParts

  constructor(parts: BeatsParts) {
    this.#parts = parts
  }

  /** One; answered with the status that it leads to. */
  one(said: BatchedBeat, { call, now }: Asked): readonly DeskStep[] {
    const { slug, beat } = said
    const steps = (): readonly DeskStep[] => [
      beatStep(slug, beat),
      answered(call, () => {
        const nextWithin = this.#parts.settings.presence.heartbeatIntervalMs / second
        const status = this.#parts.statusOf(slug, now)
        return { ok: true, type: 'beaten', reply: { slug, status, next_within_s: nextWithin } }
      }),
    ]
    if (this.#parts.projects.has(slug)) return steps()
    const code = this.#refusalOfNew(slug, { beat, room: 0 })
    if (code !== undefined)
      return [answer(call, code === 'limit-reached' ? fullness(this.#parts.settings) : this.#parts.absence(slug))]
    const job = { writes: [registrationWrite(slug, registrationOf(beat), now.wall)] }
    return this.#parts.write(call, job, steps)
  }

  /** Each for itself: what is wrong with one does not stop the others. */
  all(beats: readonly BatchedBeat[], { call, now }: Asked): readonly DeskStep[] {
    const steps: DeskStep[] = []
    const newcomers = new Map<Slug, Write>()
    const refused = new Map<Slug, ProblemCode>()
    for (const { slug, beat } of beats) {
      if (this.#parts.projects.has(slug)) steps.push(beatStep(slug, beat))
      else if (!newcomers.has(slug)) {
        const code = this.#refusalOfNew(slug, { beat, room: newcomers.size })
        if (code !== undefined) refused.set(slug, code)
        else {
          refused.delete(slug)
          newcomers.set(slug, registrationWrite(slug, registrationOf(beat), now.wall))
        }
      }
    }
    const results = (): readonly BatchResult[] =>
      beats.map(({ slug }) => {
        const code = refused.get(slug)
        return code === undefined ? { slug, ok: true } : { slug, ok: false, code }
      })
    const told = answered(call, () => ({ ok: true, type: 'all-beaten', results: results() }))
    if (newcomers.size === 0) return [...steps, told]
    const writing = this.#parts.write(call, { writes: [...newcomers.values()], isPartial: true }, (outcomes) => {
      for (const [index, slug] of [...newcomers.keys()].entries()) {
        const failure = refusals[outcomes[index] ?? 'unchanged']
        if (failure !== undefined) refused.set(slug, failure.code)
      }
      const late = beats.filter(({ slug }) => newcomers.has(slug) && !refused.has(slug))
      return [...late.map(({ slug, beat }) => beatStep(slug, beat)), told]
    })
    return [...steps, ...writing]
  }

  /** Why a beat for a project that is not there is not taken; `room`: how many are about to be registered. */
  #refusalOfNew(
    slug: Slug,
    { beat, room }: { readonly beat: Heartbeat; readonly room: number },
  ): ProblemCode | undefined {
    const { code } = this.#parts.absence(slug)
    const mayRegister = this.#parts.settings.presence.unknownProjects === 'register' && beat.hub_url !== undefined
    if (code === 'project-removed' || !mayRegister) return code
    return this.#parts.projects.size + room >= this.#parts.settings.catalog.maxProjects ? 'limit-reached' : undefined
  }
}

function beatStep(slug: Slug, beat: Heartbeat): DeskStep {
  return { type: 'presence', input: { type: 'beat', slug, report: reportOf(beat) } }
}

function reportOf(beat: Heartbeat): Report {
  const reasons = beat.degraded_reasons ?? []
  const isDegraded = beat.status === 'degraded' || reasons.length > 0
  return { isDegraded, reasons, ...(beat.version === undefined ? {} : { version: beat.version }) }
}

/** What a beat says that a project can be registered with. */
function registrationOf({ hub_url, mesh_namespace }: Heartbeat): Registration {
  return { ...(hub_url === undefined ? {} : { hub_url }), ...(mesh_namespace === undefined ? {} : { mesh_namespace }) }
}

// Where local callers are served: a call becomes steps of the catalog and of presence, their results become answers.

import { clockRefusal } from '../core/catalog/author.ts'
import { salvageOf } from '../core/catalog/burials.ts'
import type { Catalog } from '../core/catalog/catalog.ts'
import type { WriteResult } from '../core/catalog/protocol.ts'
import { type Refusal, refuse } from '../core/errors.ts'
import type { HubId, Slug } from '../core/ids.ts'
import type { CallId, StoreOp } from '../core/machine.ts'
import type { Now } from '../core/time.ts'
import { Beats } from './beats.ts'
import type { Call, Guard } from './calls.ts'
import { type ForgetPlan, forgetWrite } from './forgetting.ts'
import { type Filed, type FileEntry, type FileResult, ProjectFile } from './projectfile.ts'
import { projectId, projectKind, registrationWrite, revisionOf, slugOf, wholeRegistration } from './projects.ts'
import type { Settings } from './settings.ts'
import type { MemberStatus, ProjectStatus } from './shapes.ts'
import { type Asked, answer, type DeskJob, type DeskStep, fullness, refusals, type Then } from './steps.ts'

interface Waiting {
  readonly then: Then
  readonly answers: number
  readonly isPartial: boolean
  /** Those that are being written. */
  readonly projects: ReadonlySet<string>
}

type Registering = Omit<Call & { readonly type: 'register' }, 'type'>

/** What the desk needs of the hub behind it. */
export interface Backroom {
  readonly catalog: Catalog
  readonly state: 'starting' | 'ready' | 'leaving'
  statusOf(slug: Slug, now: Now): ProjectStatus
  /** What is believed of a hub; undefined when none of that name is known. */
  beliefAbout(hub: HubId, now: Now): { readonly status: MemberStatus; readonly incarnation: number } | undefined
}

export class Desk {
  readonly #hub: Backroom
  readonly #settings: Settings
  readonly #projects = new Set<Slug>()
  readonly #file: ProjectFile
  readonly #beats: Beats
  /** What follows each write under way, by its caller. Bounded by the catalog's queue. */
  readonly #thens = new Map<CallId, Waiting>()

  constructor(hub: Backroom, settings: Settings, filed: ReadonlyMap<Slug, Filed>) {
    this.#hub = hub
    this.#settings = settings
    this.#file = new ProjectFile(filed)
    this.#beats = new Beats({
      settings,
      projects: this.#projects,
      statusOf: (slug, now) => hub.statusOf(slug, now),
      absence: (slug) => this.absence(slug),
      write: (call, job, then) => this.#write(call, job, then),
    })
    const { replicas } = hub.catalog
    for (const id of replicas.existing()) this.noteProject(id, true)
  }

  /** The slugs of all projects that exist. */
  projects(): ReadonlySet<Slug> {
    return this.#projects
  }

  /** Keeps the set of projects true; entries of other kinds are none of its business. */
  noteProject(id: string, isThere: boolean): Slug | undefined {
    const slug = slugOf(id)
    if (slug !== undefined && isThere) this.#projects.add(slug)
    if (slug !== undefined && !isThere) this.#projects.delete(slug)
    return slug
  }

  /** What the projects file last wrote, as it is stored. */
  fileOps(): StoreOp[] {
    return this.#file.ops()
  }

  take(call: CallId, request: Call, now: Now): readonly DeskStep[] {
    const refusal = this.#reasonAgainst(request)
    if (refusal !== undefined) return [answer(call, refusal)]
    switch (request.type) {
      case 'register':
        return this.#register(request, { call, now }, (created) => [
          answer(call, { ok: true, type: 'registered', created }),
        ])
      case 'project-file':
        return this.#load(call, request.entries, now)
      case 'remove':
        return this.#remove(request, call)
      case 'beat':
        return this.#beats.one(request, { call, now })
      case 'beats':
        return this.#beats.all(request.beats, { call, now })
      case 'echo':
        return [{ type: 'echo', call, waitMs: request.waitMs }]
      case 'fetch':
        return [{ type: 'presence', input: { type: 'ask', call, home: request.home, slugs: request.slugs } }]
      case 'forget':
        return this.#forget(request, { call, now })
    }
  }

  /** The catalog has answered a write. */
  written(call: CallId, result: WriteResult): readonly DeskStep[] {
    const waiting = this.#thens.get(call)
    this.#thens.delete(call)
    if (!result.ok) return [answer(call, result)]
    const outcomes = waiting?.answers === 0 ? [] : result.outcomes.slice(-(waiting?.answers ?? 0))
    const refusal = waiting?.isPartial === true ? undefined : outcomes.map((outcome) => refusals[outcome]).find(Boolean)
    if (refusal !== undefined) return [answer(call, refusal)]
    return waiting?.then(outcomes) ?? []
  }

  /** Why there is no such project: never known, or removed. */
  absence(slug: Slug): Refusal {
    const { removed } = this.#hub.catalog.replicas.joined(projectId(slug))
    if (removed !== undefined) return refuse('project-removed', `${slug} was removed; register it again to revive it`)
    return refuse('unknown-project', `No project is called ${slug}; register it first`)
  }

  #reasonAgainst(request: Call): Refusal | undefined {
    if (this.#hub.state === 'leaving') return refuse('leaving', 'This hub is leaving; use another one')
    const isEarly = this.#hub.state === 'starting' && request.type !== 'project-file'
    if (isEarly) return refuse('starting', 'This hub has not joined yet; wait until /health/ready answers 200')
    return undefined
  }

  #register(
    { slug, registration, how = 'update', guards }: Registering,
    { call, now }: Asked,
    then: (created: boolean) => readonly DeskStep[],
  ): readonly DeskStep[] {
    const refusal = this.#objection(slug, guards)
    if (refusal !== undefined) return [answer(call, refusal)]
    const isThere = this.#projects.has(slug)
    if (!isThere && how === 'patch') return [answer(call, this.absence(slug))]
    if (!isThere && this.#projects.size >= this.#settings.catalog.maxProjects)
      return [answer(call, fullness(this.#settings))]
    const given = how === 'replace' ? wholeRegistration(slug, registration) : registration
    const job = { writes: [registrationWrite(slug, given, now.wall)] }
    return this.#write(call, job, ([outcome]) => then(outcome === 'created'))
  }

  #remove({ slug, guards }: Call & { readonly type: 'remove' }, call: CallId): readonly DeskStep[] {
    const refusal = this.#objection(slug, guards)
    if (refusal !== undefined) return [answer(call, refusal)]
    return this.#write(call, { writes: [{ op: 'remove', kind: projectKind, key: slug }] }, ([outcome]) => [
      answer(call, outcome === 'removed' ? { ok: true, type: 'removed' } : this.absence(slug)),
    ])
  }

  /** Why a guarded write is not taken. Of two that are bound to one revision the second comes too late. */
  #objection(slug: Slug, guards: readonly Guard[] = []): Refusal | undefined {
    if (guards.length === 0) return undefined
    const isUnderWay = [...this.#thens.values()].some((waiting) => waiting.projects.has(slug))
    if (isUnderWay) return refuse('precondition-failed', `${slug} is being written at this moment; read it again`)
    return guards.map((guard) => this.#breach(slug, guard)).find((refusal) => refusal !== undefined)
  }

  #breach(slug: Slug, guard: Guard): Refusal | undefined {
    const isThere = this.#projects.has(slug)
    const revision = isThere ? revisionOf(this.#hub.catalog.replicas.joined(projectId(slug))) : undefined
    const isNamed = 'revisions' in guard && guard.revisions.includes(revision ?? '')
    switch (guard.type) {
      case 'absent':
        return isThere ? refuse('precondition-failed', `There is a project called ${slug}`) : undefined
      case 'present':
        return isThere ? undefined : refuse('precondition-failed', this.absence(slug).detail)
      case 'at':
        if (!isThere) return refuse('precondition-failed', this.absence(slug).detail)
        return isNamed ? undefined : refuse('precondition-failed', `${slug} is at revision ${revision}; read it again`)
      case 'not-at':
        return isNamed ? refuse('precondition-failed', `${slug} is at revision ${revision}`) : undefined
    }
  }

  #load(call: CallId, entries: readonly FileEntry[], now: Now): readonly DeskStep[] {
    const { replicas, isOpen } = this.#hub.catalog
    // What the own slice says is not known before (C13): nothing in it would be the file's.
    if (!isOpen) return this.#write(call, { writes: [] }, () => this.#load(call, entries, now))
    const { hub, catalog } = this.#settings
    const scene = { hub, replicas, projects: this.#projects, maxProjects: catalog.maxProjects }
    const plan = this.#file.plan(entries, scene, now.wall)
    const done = ({ fixes: _, ...result }: FileResult) => [answer(call, { ok: true, type: 'project-file', result })]
    if (plan.extra.length === 0) return done(this.#file.settle(plan, []))
    const writes = plan.changes.map(({ write }) => write)
    return this.#write(call, { writes, extra: plan.extra, isPartial: true }, (outcomes) => {
      const result = this.#file.settle(plan, outcomes)
      if (result.fixes.length === 0) return done(result)
      const late = outcomes.includes('clock-drift') ? refuse('clock-drift', clockRefusal) : undefined
      const told = late === undefined ? done(result) : [answer(call, late)]
      return this.#write(call, { writes: [], extra: result.fixes, isPartial: true }, () => told)
    })
  }

  /** Only who is gone: a living hub would come back with its next word, and whoever forgot it would wonder. */
  #forget({ hubs, withData }: Call & { readonly type: 'forget' }, { call, now }: Asked): readonly DeskStep[] {
    const { replicas, reserve } = this.#hub.catalog
    const plans: ForgetPlan[] = []
    for (const hub of new Set(hubs)) {
      const belief = this.#hub.beliefAbout(hub, now)
      if (belief === undefined) return [answer(call, refuse('unknown-hub', `No hub is called ${hub}`))]
      if (belief.status !== 'dead' && belief.status !== 'left') {
        const detail = `${hub} is ${belief.status}: run hubmesh leave there, or wait until it is known to be dead`
        return [answer(call, refuse('hub-alive', detail))]
      }
      if (reserve.holds(hub)) {
        const detail = `Whether others hold what ${hub} wrote is still being found out; try again in a minute (C14)`
        return [answer(call, refuse('starting', detail))]
      }
      plans.push({ hub, incarnation: belief.incarnation, withData })
    }
    // C15: what they alone said is said by this hub before the word that forgets them.
    const saved = salvageOf(replicas, plans)
    const { hub: self, catalog } = this.#settings
    if ((replicas.slice(self)?.size ?? 0) + saved.length + plans.length > catalog.maxSliceRecords) {
      const detail = `${saved.length} entries of theirs do not fit into this hub's slice (limits.slice); use another hub`
      return [answer(call, refuse('limit-reached', detail))]
    }
    const writes = [...saved, ...plans.map((plan) => forgetWrite(plan, replicas))]
    // An entry that is too long to be taken over stays in their slice, and that where it is.
    const job = { writes, answers: plans.length }
    return this.#write(call, job, () => [answer(call, { ok: true, type: 'forgotten' })])
  }

  /** `answers`: how many of the writes, the last ones, decide whether it worked; all of them when it is left out. */
  #write(call: CallId, job: DeskJob, then: Then): readonly DeskStep[] {
    const { writes, answers = writes.length, isPartial = false } = job
    const projects = new Set(writes.flatMap(({ kind, key }) => (kind === projectKind ? [key] : [])))
    this.#thens.set(call, { then, answers, isPartial, projects })
    return [{ type: 'catalog', input: { type: 'write', call, writes: job.writes, extra: job.extra ?? [] } }]
  }
}

// One run: a plan, a seed, a world. First the plan's troubles with users at work; then the network heals, users stop
// writing, and the hubs have a bounded time to agree. Invariants are looked up all along.

import { InvariantViolation } from '../../src/core/errors.ts'
import type { HubId, PeerId } from '../../src/core/ids.ts'
import { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { Statement } from '../../src/core/wire.ts'
import type { HubChange } from '../../src/hub/effects.ts'
import type { Codec } from '../../src/hub/ports.ts'
import type { Settings } from '../../src/hub/settings.ts'
import { brokenPromises, disagreement, unseenBeat, type Witness } from './agreement.ts'
import { Detection, foreignPool } from './detection.ts'
import { addressOf, Fabric } from './fabric.ts'
import { Fates } from './fates.ts'
import { Healing } from './healing.ts'
import { Invariants } from './invariants.ts'
import { Ledger } from './ledger.ts'
import type { Outcome } from './outcome.ts'
import { areMates } from './reach.ts'
import type { HubPlan, Plan, Scenario, Size } from './scenario.ts'
import { type Birth, Site, type Watcher } from './site.ts'
import { TrafficMeter } from './stats.ts'
import { Trace } from './trace.ts'
import { Users } from './users.ts'
import { World } from './world.ts'

export interface RunPlan {
  readonly scenario: Scenario
  readonly size: Size
  readonly seed: number
  readonly codec: Codec
  readonly settingsFor: (birth: Birth) => Settings
  /** Gets every line of the trace. */
  readonly write?: (line: string) => void
  /** Told the virtual time about once a virtual second. */
  readonly progress?: (now: Millis) => void
}

/** Oftener than projects do, so that a short run sees some. */
const beatEveryMs: Millis = 10 * second
const checkEveryMs: Millis = second
const agreeEveryMs: Millis = 0.5 * second
/** Readers looked at in one check: a federation of hundreds is looked at in turns. */
const readersPerCheck = 5

export class Simulation implements Watcher {
  readonly codec: Codec
  readonly settingsFor: (birth: Birth) => Settings
  readonly #run: RunPlan
  readonly #plan: Plan
  readonly #world: World
  readonly #fabric: Fabric
  readonly #meter = new TrafficMeter()
  readonly #invariants = new Invariants()
  readonly #ledger = new Ledger()
  readonly #detection: Detection
  readonly #healing: Healing
  readonly #fates: Fates
  readonly #sites: ReadonlyMap<HubId, Site>
  readonly #all: readonly Site[]
  readonly #users: Users
  readonly #known = new Set<HubId>()
  /** Who has reported a change since all authors were looked at. */
  readonly #stirred = new Set<Site>()
  #turn = 0

  constructor(run: RunPlan) {
    this.#run = run
    this.#world = new World(run.seed, new Trace(run.write))
    this.#plan = run.scenario.plan(run.size, new Random(run.seed))
    this.#fabric = new Fabric(this.#world, this.#meter)
    this.codec = this.#meter.watch(run.codec)
    this.settingsFor = (birth) => run.settingsFor({ ...birth, said: this.#plan.settings ?? {} })
    this.#sites = this.#build()
    this.#all = [...this.#sites.values()]
    const { roundMs, suspicionMs } = this.#paces()
    this.#detection = new Detection(this.#plan.hubs, suspicionMs)
    this.#healing = new Healing({ world: this.#world, sites: this.#sites, known: this.#known, roundMs })
    this.#fates = new Fates({
      fabric: this.#fabric,
      sites: this.#sites,
      detection: this.#detection,
      healing: this.#healing,
      ledger: this.#ledger,
    })
    this.#users = new Users({
      world: this.#world,
      workload: this.#plan.workload,
      counters: this.#all,
      ledger: this.#ledger,
      beatEveryMs,
    })
  }

  /** Runs to the end; takes as long as it takes. What a hub throws ends the run and is a violation. */
  run(): Outcome {
    try {
      this.#trouble()
      return this.#outcome(this.#settle())
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const invariant = error instanceof InvariantViolation ? error.invariant : 'crash'
      const where = error.stack?.split('\n').slice(1, 4).join(' ').replaceAll(/\s+/g, ' ')
      this.#invariants.violations.push({ invariant, detail: `${error.message} ${where}` })
      return this.#outcome(undefined)
    }
  }

  /** The plan, with users at work. */
  #trouble(): void {
    const { endsAt, happenings } = this.#plan
    for (const { at, what } of happenings) if (at < endsAt) this.#world.at(at, () => this.#fates.happen(what))
    this.#users.begin()
    for (let now: Millis = 0; now < endsAt; now += checkEveryMs) {
      this.#world.run(Math.min(endsAt, now + checkEveryMs))
      this.#check(readersPerCheck)
      this.#run.progress?.(this.#world.now)
    }
    this.#users.stopWriting()
    this.#fates.happen({ type: 'heal' })
  }

  onChange(site: Site, change: HubChange): void {
    const { now, trace } = this.#world
    this.#invariants.change(site.hub, change)
    this.#stirred.add(site)
    // What an author has done is known before anybody can have heard of it.
    if (change.type === 'opened' || change.type === 'entry') this.onEnd(site)
    if (change.type === 'state') trace.note(now, `${change.state} ${site.hub}`)
    if (change.type === 'link' && change.isUp) this.#healing.linked(site, change.hub)
    if (change.type === 'member') this.#believed(site, change.pool, change.member)
    if (change.type === 'foreign') this.#believed(site, foreignPool, change.verdict)
  }

  #believed({ hub: at }: Site, pool: string, { info, status, incarnation }: Statement): void {
    const { now, trace } = this.#world
    trace.note(now, `belief ${at}: ${info.hub} ${status} ${incarnation}`)
    this.#detection.believed({ at, of: info.hub, status, pool }, now)
  }

  onStart({ hub }: Site): void {
    this.#known.add(hub)
    this.#detection.started(hub, this.#world.now)
  }

  onEnd(site: Site): void {
    if (site.running !== undefined) this.#invariants.author(site.running)
  }

  #build(): Map<HubId, Site> {
    const { hubs } = this.#plan
    const addressFor = ({ hub, placeOf }: HubPlan) => addressOf(placeOf ?? hub)
    const addresses = new Map(hubs.map((plan) => [plan.hub, addressFor(plan)]))
    return new Map(
      hubs.map((plan, index) => {
        const bootstrap = plan.bootstrap.flatMap((hub) => addresses.get(hub) ?? [])
        return [plan.hub, new Site(this.#fabric, this, { index, plan, bootstrap, address: addressFor(plan) })]
      }),
    )
  }

  /** As the settings of the plan have them. The shortest suspicion is memberlist's, in the largest pool. */
  #paces(): { readonly roundMs: Millis; readonly suspicionMs: Millis } {
    const { hubs } = this.#plan
    const [plan] = hubs
    if (plan === undefined) return { roundMs: second, suspicionMs: second }
    const { membership } = this.settingsFor({ plan, peer: '' as PeerId, seed: 0 })
    const { probeIntervalMs: roundMs, suspicionMultiplier } = membership
    const largest = Math.max(...hubs.map((hub) => hubs.filter((other) => areMates(hub, other)).length + 1))
    return { roundMs, suspicionMs: suspicionMultiplier * Math.max(1, Math.log10(largest)) * roundMs }
  }

  /** Authors first: what a reader holds is compared with what its author has come to. */
  #check(readers: number): void {
    for (const site of this.#stirred) this.onEnd(site)
    this.#stirred.clear()
    for (let i = 0; i < Math.min(readers, this.#all.length); i++) {
      const running = this.#all[this.#turn++ % this.#all.length]?.running
      if (running !== undefined) this.#invariants.reader(running)
    }
  }

  /** How long agreement took; undefined when it did not come. */
  #settle(): Millis | undefined {
    const { endsAt, settleMs } = this.#plan
    let reason: string | undefined = 'nobody was asked'
    while (reason !== undefined && this.#world.now < endsAt + settleMs) {
      this.#world.run(this.#world.now + agreeEveryMs)
      this.#run.progress?.(this.#world.now)
      const witnesses = this.#witnesses()
      const since = this.#world.now - 1.5 * beatEveryMs
      const before: string | undefined = reason
      reason = this.#absence() ?? disagreement(witnesses, this.#known) ?? unseenBeat(witnesses, this.#ledger, since)
      if (reason !== before)
        this.#world.trace.note(this.#world.now, reason === undefined ? 'agreed' : `not yet: ${reason}`)
    }
    for (const site of this.#all) this.#stirred.add(site)
    this.#check(this.#all.length)
    if (reason === undefined) return this.#world.now - endsAt
    this.#invariants.violations.push({ invariant: 'liveness', detail: `after ${settleMs} ms of quiet ${reason}` })
    return undefined
  }

  /** A process that runs and never came to be a hub. */
  #absence(): string | undefined {
    const absent = this.#all.find((site) => site.machine.isRunning && site.running === undefined)
    return absent === undefined ? undefined : `${absent.hub} has not started`
  }

  #witnesses(): Witness[] {
    return this.#all.flatMap((site) =>
      site.running === undefined || site.driver === undefined
        ? []
        : [{ id: site.hub, hub: site.running, desk: site.driver }],
    )
  }

  #outcome(convergedMs: Millis | undefined): Outcome {
    const broken = convergedMs === undefined ? [] : brokenPromises(this.#witnesses(), this.#ledger)
    const { now, count, trace } = this.#world
    const outcome: Outcome = {
      ...this.#detection.outcome(),
      hubs: this.#sites.size,
      virtualMs: now,
      events: count,
      projects: this.#ledger.size,
      traffic: this.#meter.byKind(),
      restarts: this.#fates.restarts,
      healed: this.#healing.outcome(),
      convergedMs,
      violations: [
        ...this.#invariants.violations,
        ...broken.slice(0, 20).map((detail) => ({ invariant: 'C12', detail })),
      ],
      traceHash: trace.hash,
    }
    return { ...outcome, violations: [...outcome.violations, ...(this.#plan.expect?.(outcome) ?? [])] }
  }
}

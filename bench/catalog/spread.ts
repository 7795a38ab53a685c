// How long until a write at one hub can be read at the 19 others: real processes, five writes a second in all, each at
// another hub. Read from each hub's event stream, so that asking costs nothing; the third row with 100 beats a second, which are counted.

import { setTimeout as wait } from 'node:timers/promises'
import { watch } from '../../src/client.ts'
import { Federation, type HubProcess } from '../../test/federation/processes.ts'
import { quantile } from '../membership/statistics.ts'
import type { Report, Row } from '../row.ts'
import { until } from '../until.ts'

const hubs = 20
const writesPerSecond = 5
const writes = 150
const beatsPerSecond = 100
/** Beats that wait for an answer; more are not sent, and the rate falls. */
const maxBeating = 50
const targets = { p50: 30, p99: 150, p99WithBeats: 300 }
const settleMs = 20_000

export async function spread(): Promise<Report> {
  const federation = await Federation.open('defaults')
  const stop = new AbortController()
  try {
    const first = await federation.add({ id: 'h0', tier: 'global' })
    for (let i = 1; i < hubs; i++) {
      await federation.add({ id: `h${i}`, tier: i < 3 ? 'regional' : 'local', bootstrap: [first.p2p] })
    }
    for (const hub of federation.hubs) {
      hub.start()
      await wait(500)
    }
    const views = () => Promise.all(federation.hubs.map((hub) => hub.beliefs()))
    const patience = { withinMs: 180_000, everyMs: 500 }
    await until(async () => (await views()).every((all) => all.length === hubs), patience)
    await wait(settleMs)
    const sightings = new Sightings()
    const following = Promise.allSettled(federation.hubs.map((hub) => sightings.follow(hub, stop.signal)))
    await wait(2_000)
    const quiet = await round(federation.hubs, sightings, 'quiet')
    const beats = new Beats(federation.hubs)
    const beating = beats.run(stop.signal)
    const busy = await round(federation.hubs, sightings, 'busy')
    stop.abort()
    const perSecond = await beating
    for (const outcome of await following) if (outcome.status === 'rejected') throw outcome.reason
    return { rows: rowsOf({ quiet, busy, perSecond }), text: [] }
  } finally {
    stop.abort()
    await federation.close()
  }
}

interface Figures {
  readonly quiet: readonly number[]
  readonly busy: readonly number[]
  /** Beats that were accepted. */
  readonly perSecond: number
}

function rowsOf({ quiet, busy, perSecond }: Figures): Row[] {
  const what = `write readable at ${hubs - 1} others, ${writesPerSecond}/s`
  return [
    row(`${what}, p50`, quantile(quiet, 0.5), targets.p50),
    row(`${what}, p99`, quantile(quiet, 0.99), targets.p99),
    row(`the same with ${perSecond.toFixed(1)} beats/s, p99`, quantile(busy, 0.99), targets.p99WithBeats),
    {
      what: 'beats accepted meanwhile',
      measured: `${perSecond.toFixed(1)}/s`,
      target: `≥ ${beatsPerSecond}/s`,
      isMet: perSecond >= beatsPerSecond,
    },
  ]
}

/** When each hub first told of each slug. */
class Sightings {
  readonly #waiting = new Map<string, { readonly from: number; readonly seen: Set<string>; last: number }>()

  expect(slug: string): void {
    this.#waiting.set(slug, { from: performance.now(), seen: new Set(), last: 0 })
  }

  async follow(hub: HubProcess, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of watch({ url: hub.http, signal })) {
        if (event.event !== 'project') continue
        const sighting = this.#waiting.get(event.slug)
        if (sighting === undefined || sighting.seen.has(hub.id)) continue
        sighting.seen.add(hub.id)
        sighting.last = performance.now()
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Milliseconds until all hubs had told of a slug; infinite where one has not. */
  delays(prefix: string): number[] {
    const mine = [...this.#waiting].filter(([slug]) => slug.startsWith(prefix))
    return mine.map(([, { from, seen, last }]) => (seen.size < hubs ? Number.POSITIVE_INFINITY : last - from))
  }
}

async function round(all: readonly HubProcess[], sightings: Sightings, name: string): Promise<number[]> {
  const failures: unknown[] = []
  for (let i = 0; i < writes; i++) {
    const slug = `${name}-${i}`
    sightings.expect(slug)
    void write(all[i % all.length], slug).catch((error) => failures.push(error))
    await wait(1_000 / writesPerSecond)
  }
  await wait(5_000)
  if (failures.length > 0) throw failures[0]
  return sightings.delays(`${name}-`)
}

async function write(hub: HubProcess | undefined, slug: string): Promise<void> {
  const status = await hub?.post('/api/fed/projects', { slug, name: slug })
  if (status !== 201) throw new Error(`${slug} was answered with ${status}`)
}

/** Beats for the projects of the quiet round, at any hub, as many a second as they are to be. */
class Beats {
  readonly #hubs: readonly HubProcess[]
  #underWay = 0
  #accepted = 0

  constructor(all: readonly HubProcess[]) {
    this.#hubs = all
  }

  /** How many a second were accepted of those that were due until the signal. */
  async run(signal: AbortSignal): Promise<number> {
    const startedAt = performance.now()
    let seconds = 0
    for (let sent = 0; !signal.aborted; await wait(5)) {
      seconds = (performance.now() - startedAt) / 1_000
      for (; sent <= seconds * beatsPerSecond && this.#underWay < maxBeating; sent++) void this.#beat(sent)
    }
    await until(async () => this.#underWay === 0, { withinMs: 10_000, everyMs: 5 })
    return this.#accepted / seconds
  }

  async #beat(nth: number): Promise<void> {
    this.#underWay++
    // Each project beats at one hub: where it moves with every beat, all hubs have to hear of it.
    const project = nth % writes
    const path = `/api/fed/projects/quiet-${project}/heartbeat`
    const status = await this.#hubs[project % this.#hubs.length]?.post(path).catch(() => undefined)
    this.#underWay--
    if (status !== undefined && status < 300) this.#accepted++
  }
}

function row(what: string, ms: number, target: number): Row {
  return { what, measured: `${ms.toFixed(0)} ms`, target: `≤ ${target} ms`, isMet: ms <= target }
}

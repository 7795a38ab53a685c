// How long until a write at one hub can be read at the 19 others: real processes, five writes a second in all, each at
// another hub. Read from each hub's event stream, so that asking costs nothing; the second row with 100 beats a second.

import { setTimeout as wait } from 'node:timers/promises'
import { watch } from '../../src/client.ts'
import { Federation, type HubProcess } from '../../test/federation/processes.ts'
import type { Report, Row } from '../row.ts'

const hubs = 20
const writesPerSecond = 5
const writes = 150
const beatsPerSecond = 100
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
    await until(async () =>
      (await Promise.all(federation.hubs.map((hub) => hub.beliefs()))).every((all) => all.length === hubs),
    )
    await wait(settleMs)
    const sightings = new Sightings()
    for (const hub of federation.hubs) void sightings.follow(hub, stop.signal)
    await wait(2_000)
    const quiet = await round(federation.hubs, sightings, 'quiet')
    const beats = beating(federation.hubs, stop.signal)
    const busy = await round(federation.hubs, sightings, 'busy')
    stop.abort()
    await beats
    return { rows: rowsOf(quiet, busy), text: [] }
  } finally {
    stop.abort()
    await federation.close()
  }
}

function rowsOf(quiet: readonly number[], busy: readonly number[]): Row[] {
  const what = `write readable at ${hubs - 1} others, ${writesPerSecond}/s`
  return [
    row(`${what}, p50`, at(quiet, 0.5), targets.p50),
    row(`${what}, p99 (Serf events: 651 ms)`, at(quiet, 0.99), targets.p99),
    row(`the same with ${beatsPerSecond} beats/s, p99`, at(busy, 0.99), targets.p99WithBeats),
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
    const took = mine.map(([, { from, seen, last }]) => (seen.size < hubs ? Number.POSITIVE_INFINITY : last - from))
    return took.sort((a, b) => a - b)
  }
}

async function round(all: readonly HubProcess[], sightings: Sightings, name: string): Promise<number[]> {
  for (let i = 0; i < writes; i++) {
    const slug = `${name}-${i}`
    sightings.expect(slug)
    void all[i % all.length]?.post('/api/fed/projects', { slug, name: slug })
    await wait(1_000 / writesPerSecond)
  }
  await wait(5_000)
  return sightings.delays(`${name}-`)
}

async function beating(all: readonly HubProcess[], signal: AbortSignal): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    void all[i % all.length]?.post(`/api/fed/projects/quiet-${i % writes}/heartbeat`).catch(() => undefined)
    await wait(1_000 / beatsPerSecond)
  }
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.POSITIVE_INFINITY
}

function row(what: string, ms: number, target: number): Row {
  return { what, measured: `${ms.toFixed(0)} ms`, target: `≤ ${target} ms`, isMet: ms <= target }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 180_000
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error('three minutes have passed and the hubs do not know each other')
    await wait(500)
  }
}

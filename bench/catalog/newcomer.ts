// A hub that has nothing joins two that hold 100,000 entries: how long until it holds them too, and whether the others'
// probes suffer meanwhile. Round trips are those that the hubs themselves show, which smooth them as RFC 6298 does.

import { setTimeout as wait } from 'node:timers/promises'
import type { Member } from '../../src/hub/shapes.ts'
import { Federation, type HubProcess } from '../../test/federation/processes.ts'
import { quantile } from '../membership/statistics.ts'
import type { Report } from '../row.ts'
import { until } from '../until.ts'
import { stock, stockedEntries, stockedHubs } from './stock.ts'

const targetMs = 10_000
const probeTargetMs = 50
const patience = { withinMs: 120_000, everyMs: 50 }
const entries = stockedEntries * stockedHubs

export async function newcomer(): Promise<Report> {
  const federation = await Federation.open('defaults')
  try {
    const one = await federation.add({ id: 'one', tier: 'global' })
    const two = await federation.add({ id: 'two', tier: 'global', bootstrap: [one.p2p] })
    const fresh = await federation.add({ id: 'fresh', tier: 'global', bootstrap: [one.p2p, two.p2p] })
    for (const hub of [one, two]) {
      await stock(hub.dataDir, ['one', 'two'])
      hub.start()
    }
    await until(async () => (await one.beliefs()).length === 2 && (await two.isHealthy()), patience)
    await wait(5_000)
    const look = new Look([one, two])
    const startedAt = performance.now()
    fresh.start()
    await until(async () => {
      await look.once()
      return (await fresh.status()).catalog.projects >= entries
    }, patience)
    const ms = performance.now() - startedAt
    return { rows: rowsOf(ms, look), text: [] }
  } finally {
    await federation.close()
  }
}

function rowsOf(ms: number, { rtts, suspected }: Look): Report['rows'] {
  const p99 = quantile(rtts, 0.99)
  return [
    {
      what: `newcomer holds ${entries} entries (own process, from its start)`,
      measured: `${(ms / 1_000).toFixed(1)} s`,
      target: `≤ ${targetMs / 1_000} s`,
      isMet: ms <= targetMs,
    },
    {
      what: `round trips between the others meanwhile, p99 of ${rtts.length}`,
      measured: `${p99.toFixed(1)} ms`,
      target: `≤ ${probeTargetMs} ms`,
      isMet: p99 <= probeTargetMs,
    },
    { what: 'suspicions meanwhile', measured: String(suspected), target: '0', isMet: suspected === 0 },
  ]
}

/** What two hubs say of each other while a third one joins. */
class Look {
  readonly rtts: number[] = []
  suspected = 0
  readonly #hubs: readonly HubProcess[]

  constructor(hubs: readonly HubProcess[]) {
    this.#hubs = hubs
  }

  async once(): Promise<void> {
    const views = await Promise.all(this.#hubs.map((hub) => hub.get<Member[]>('/api/members')))
    for (const { hub_id, status, rtt_ms } of views.flat()) {
      if (status === 'suspect') this.suspected++
      if (hub_id !== 'fresh' && typeof rtt_ms === 'number') this.rtts.push(rtt_ms)
    }
  }
}

// How long until a project that was registered at one hub can be read at the other two: real processes on loopback, the
// defaults of a hub, a hundred registrations in turn at each of three hubs, the time from the POST's answer to the read.

import { setTimeout as wait } from 'node:timers/promises'
import { Federation, type HubProcess } from '../test/federation/processes.ts'
import { quantile } from './membership/statistics.ts'
import type { Row } from './row.ts'
import { until } from './until.ts'

const registrations = 100
const targetMs = 300
const killTargetMs = 15_000

export async function propagation(): Promise<readonly Row[]> {
  const federation = await Federation.open('defaults')
  try {
    const global = await federation.add({ id: 'g', tier: 'global', region: 'world' })
    const regional = await federation.add({ id: 'r', tier: 'regional', bootstrap: [global.p2p] })
    const local = await federation.add({ id: 'l', bootstrap: [regional.p2p, global.p2p] })
    const hubs = [global, regional, local]
    for (const hub of hubs) hub.start()
    while (!(await allTogether(hubs))) await wait(100)
    await wait(5_000)
    const delays: number[] = []
    for (let i = 0; i < registrations; i++) delays.push(await once(hubs, i))
    const death = await killed(regional, [global, local])
    return [
      row('readable at both other hubs, p50 of 100', quantile(delays, 0.5), targetMs),
      row('readable at both other hubs, p99 of 100', quantile(delays, 0.99), targetMs),
      row('kill -9 of one known dead at both others', death, killTargetMs),
    ]
  } finally {
    await federation.close()
  }
}

/** Registers at one hub and returns when the last of the others can read it, milliseconds after the answer. */
async function once(hubs: readonly HubProcess[], i: number): Promise<number> {
  const writer = hubs[i % hubs.length]
  const slug = `bench-${i}`
  await writer?.post('/api/fed/projects', { slug, name: `Bench ${i}` })
  const answeredAt = performance.now()
  const readers = hubs.filter((hub) => hub !== writer)
  await Promise.all(
    readers.map((hub) => until(async () => (await hub.project(slug)).slug === slug, { withinMs: 60_000, everyMs: 1 })),
  )
  const delay = performance.now() - answeredAt
  // A pause, so that each registration is a first one and none is coalesced with another.
  await wait(120)
  return delay
}

async function killed(victim: HubProcess, witnesses: readonly HubProcess[]): Promise<number> {
  const killedAt = performance.now()
  await victim.end('SIGKILL')
  const knows = async (hub: HubProcess): Promise<boolean> => (await hub.beliefs()).includes(`${victim.id} dead`)
  await Promise.all(witnesses.map((hub) => until(() => knows(hub), { withinMs: 60_000, everyMs: 20 })))
  return performance.now() - killedAt
}

async function allTogether(hubs: readonly HubProcess[]): Promise<boolean> {
  const views = await Promise.all(hubs.map((hub) => hub.beliefs().catch(() => [])))
  const healthy = await Promise.all(hubs.map((hub) => hub.isHealthy()))
  return (
    healthy.every(Boolean) &&
    views.every((view) => view.filter((belief) => belief.endsWith(' alive')).length === hubs.length)
  )
}

function row(what: string, ms: number, target: number): Row {
  return { what, measured: `${ms.toFixed(1)} ms`, target: `≤ ${target} ms`, isMet: ms <= target }
}

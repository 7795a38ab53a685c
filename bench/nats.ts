// Heartbeats over NATS: three real hubs on one real server, many projects that beat. Is each beat counted once, does a home move,
// and what does it take to get over a server that was killed?
// `npm run bench -- nats [--projects N] [--minutes N] [--every SECONDS]`; takes the minutes and one more.

import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Project } from '../src/hub/shapes.ts'
import { Federation, type HubProcess } from '../test/federation/processes.ts'
import { NatsServer } from '../test/nats/server.ts'
import type { Row } from './row.ts'
import { until } from './until.ts'

/** For what takes moments when all is well. */
const patience = { withinMs: 30_000, everyMs: 50 }
const awayMs = 10_000
const backTargetMs = 5_000
const roundsAfter = 3

interface Scene {
  readonly hubs: readonly HubProcess[]
  readonly slugs: readonly string[]
  readonly publisher: NatsConnection
}

export async function nats(args: readonly string[]): Promise<readonly Row[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      projects: { type: 'string', default: '100' },
      minutes: { type: 'string', default: '5' },
      every: { type: 'string', default: '5' },
      json: { type: 'boolean' },
    },
  })
  const server = await NatsServer.make()
  const federation = await Federation.open()
  try {
    await server.start()
    const hubs = await startHubs(federation, server.url)
    const slugs = Array.from({ length: Number(values.projects) }, (_, i) => `project-${String(i).padStart(3, '0')}`)
    const scene: Scene = { hubs, slugs, publisher: await server.publisher() }
    for (const slug of slugs) beat(scene, slug)
    await until(() => areOnline(scene), patience)
    const rows = await steady(scene, Number(values.minutes) * 60_000, Number(values.every) * 1_000)
    rows.push(...(await killed(scene, server)))
    await scene.publisher.close()
    return rows
  } finally {
    await federation.close()
    await server.kill()
  }
}

async function startHubs(federation: Federation, url: string): Promise<HubProcess[]> {
  const settings = { bridges: { nats: { url } } }
  const first = await federation.add({ id: 'hub-1', settings })
  const others = ['hub-2', 'hub-3'].map((id) => federation.add({ id, settings, bootstrap: [first.p2p] }))
  const hubs = [first, ...(await Promise.all(others))]
  for (const hub of hubs) hub.start()
  for (const hub of hubs) await until(() => isConnected(hub), patience)
  for (const hub of hubs) await until(async () => (await hub.status()).state === 'ready', patience)
  return hubs
}

async function isConnected(hub: HubProcess): Promise<boolean> {
  return (await hub.get<{ status: string }>('/health/nats')).status === 'connected'
}

function beat({ publisher }: Scene, slug: string): void {
  const body = { project_slug: slug, hub_url: `http://${slug}.example:3000`, timestamp: new Date().toISOString() }
  publisher.publish(`hub.presence.${slug}`, JSON.stringify(body))
}

/** At every hub. */
async function areOnline({ hubs, slugs }: Scene): Promise<boolean> {
  const lists = await Promise.all(hubs.map((hub) => hub.get<Project[]>('/api/fed/projects?status=online')))
  return lists.every(({ length }) => length === slugs.length)
}

/** Each project beats at its own moment of the interval; every second all hubs are asked where each has its home. */
async function steady(scene: Scene, forMs: number, everyMs: number): Promise<Row[]> {
  const { hubs, slugs, publisher } = scene
  // A first beat may reach two hubs before either knows of the other's: they agree within a flush or two.
  await wait(2_000)
  const before = await counted(hubs)
  const homes = new Map<string, string>()
  let sent = 0
  let moves = 0
  let isOffline = 0
  const timers = slugs.map((slug, i) => {
    const send = () => {
      beat(scene, slug)
      sent++
    }
    return setTimeout(() => timers.push(setInterval(send, everyMs)), (everyMs * i) / slugs.length)
  })
  for (const endsAt = performance.now() + forMs; performance.now() < endsAt; await wait(1_000)) {
    for (const hub of hubs) {
      for (const { slug, home, status } of await hub.get<Project[]>('/api/fed/projects')) {
        if ((homes.get(slug) ?? home) !== home) moves++
        homes.set(slug, home ?? '')
        if (status !== 'online') isOffline++
      }
    }
  }
  for (const timer of timers) clearInterval(timer)
  await publisher.flush()
  const counts = await settledCounts(hubs, before, sent)
  const total = sum(counts)
  const least = Math.min(...counts) / Math.max(1, total)
  return [
    exactly(`beats counted, of ${sent} sent by ${slugs.length} projects`, total, sent),
    exactly('homes that moved', moves, 0),
    exactly('times a project was seen not online', isOffline, 0),
    {
      what: 'least share of a hub',
      measured: `${(100 * least).toFixed(0)} %`,
      target: '>= 20 %',
      isMet: least >= 0.2,
    },
  ]
}

/** Killed in the middle of beats, away for ten seconds, back; nobody lifts a hand. */
async function killed(scene: Scene, server: NatsServer): Promise<Row[]> {
  const { hubs, slugs, publisher } = scene
  for (const slug of slugs) beat(scene, slug)
  await server.kill()
  await wait(awayMs)
  await server.start()
  const startedAt = performance.now()
  for (const hub of hubs) await until(() => isConnected(hub), patience)
  const backMs = performance.now() - startedAt
  await until(async () => publisher.flush().then(() => true), patience)
  await wait(1_000)
  const before = await counted(hubs)
  for (let round = 0; round < roundsAfter; round++) for (const slug of slugs) beat(scene, slug)
  await publisher.flush()
  const sent = roundsAfter * slugs.length
  const total = sum(await settledCounts(hubs, before, sent))
  return [
    {
      what: `until all hubs are back, server away for ${awayMs / 1_000} s`,
      measured: `${(backMs / 1_000).toFixed(1)} s`,
      target: `<= ${backTargetMs / 1_000} s`,
      isMet: backMs <= backTargetMs,
    },
    exactly(`beats counted after that, of ${sent} sent`, total, sent),
  ]
}

function exactly(what: string, count: number, target: number): Row {
  return { what, measured: String(count), target: `= ${target}`, isMet: count === target }
}

/** What was counted since, once all that was sent has been, or patience has ended. */
async function settledCounts(hubs: readonly HubProcess[], before: readonly number[], sent: number): Promise<number[]> {
  const since = async () => (await counted(hubs)).map((count, i) => count - (before[i] ?? 0))
  await until(async () => sum(await since()) >= sent, { ...patience, withinMs: 10_000 }).catch(() => undefined)
  // What is counted twice would come now.
  await wait(2_000)
  return since()
}

async function counted(hubs: readonly HubProcess[]): Promise<number[]> {
  const texts = await Promise.all(hubs.map(async (hub) => (await fetch(`${hub.http}/metrics`)).text()))
  return texts.map((text) => Number(/^heartbeat_total (\d+)$/m.exec(text)?.[1] ?? 0))
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

// Real hubs and real Serf agents on one machine in turn, the same losses, side by side: how long until all survivors know
// of a death, what idleness costs, and whether anybody is called dead that lives. `--only` takes parts of it.

import { mkdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { quantile } from './membership/statistics.ts'
import type { Row } from './row.ts'
import { agentFleet, provideSerf } from './serf/agents.ts'
import { endWithOuter, isApart, runApart } from './serf/apart.ts'
import { type Flags, type Part, readFlags, usage } from './serf/flags.ts'
import { type HubFleet, hubFleet } from './serf/hubs.ts'
import { falseDeathsBesideHogs, type Idle, idle } from './serf/idle.ts'
import { type Loss, type Losses, lose } from './serf/losses.ts'
import { type Fleet, gather, say, seconds } from './serf/mate.ts'
import { bridged } from './serf/place.ts'

const targets = { killP50Ms: 1_000, killP99Ms: 2_000, cpuPercent: 1, bytesPerSecond: 600, falseDeaths: 0 }
/** Idle bytes of two regions over those of one, per hub: the same but for chance and one more pool's reports. */
const flatRatio = 1.15
/** A hub without projects says so with its first three refreshes of presence; after that nothing is to be told. */
const settleMs = 150_000
/** Two regional hubs carry a region, the others are local. */
const regionals = 2
/** Links per hub, those of its pool included. */
const fewLinks = 8

/** What one fleet showed in the parts that it went through. */
interface Findings {
  readonly idle?: Idle
  readonly losses: Partial<Record<Loss, Losses>>
  readonly falseDeaths?: number
}

/** Exits the process itself where it had to run apart or was asked wrongly. */
export async function serf(args: readonly string[]): Promise<readonly Row[]> {
  const flags = readFlagsOrExit(args)
  if (flags.hasSerf) provideSerf()
  if (isApart()) endWithOuter()
  else {
    const code = await runApart()
    if (code !== undefined) process.exit(code)
    say('no network namespace of its own here: what else uses loopback is counted, and no packets can be dropped')
  }
  say(`load ${loadavg()[0]?.toFixed(2)} before`)
  const rows = await allParts(flags)
  say(`load ${loadavg()[0]?.toFixed(2)} after`)
  return rows
}

function readFlagsOrExit(args: readonly string[]): Flags {
  try {
    return readFlags(args)
  } catch (error) {
    console.error(`bench: serf: ${error instanceof Error ? error.message : String(error)}\n${usage}`)
    process.exit(2)
  }
}

async function allParts(flags: Flags): Promise<Row[]> {
  const { hubs, parts } = flags
  const rows: Row[] = []
  let base: Idle | undefined
  const oneRegion = { regions: 1, hubsPerRegion: hubs, regionals }
  const main = (['idle', 'kill', 'stop', 'hogs'] as const).filter((part) => parts.has(part))
  if (main.length > 0) {
    const own = await withHubs(flags, { ...oneRegion, name: 'main' }, (fleet) => goThrough(fleet, main, flags))
    const other = await withAgents(flags, 'main', (fleet) => goThrough(fleet, main, flags))
    rows.push(...rowsOf(own, other, hubs))
    base = own.idle
  }
  if (parts.has('flat')) rows.push(await flatness(flags, base))
  if (parts.has('links')) {
    const plan = {
      name: 'links',
      regions: 1,
      hubsPerRegion: hubs,
      regionals: 0,
      settings: { limits: { links: fewLinks } },
    }
    const { losses, links } = await withHubs(flags, plan, async (fleet) => ({
      losses: await lose(fleet, 'kill', flags.kills),
      links: await mostLinks(fleet),
    }))
    rows.push(...killRows(`kill -9, ${fewLinks} links per hub`, losses, undefined))
    rows.push({
      what: `links, the most of ${hubs} hubs`,
      measured: String(links),
      target: `≤ ${fewLinks}`,
      isMet: links <= fewLinks,
    })
  }
  if (parts.has('drop') && isApart()) {
    const place = bridged(hubs)
    const own = await withHubs(flags, { ...oneRegion, name: 'drop', place }, (fleet) =>
      lose(fleet, 'drop', flags.kills),
    )
    const agents = (fleet: Fleet) => lose(fleet, 'drop', flags.kills)
    const other = await withAgents({ ...flags, place }, 'drop', agents)
    rows.push(...notSlowerRows('packets dropped, then kill -9', own, other))
  }
  return rows
}

async function mostLinks({ mates }: Fleet): Promise<number> {
  const links = await Promise.all(mates.map((mate) => mate.links()))
  return Math.max(...links.map((count) => count ?? 0))
}

/** In this order: what is idle is measured before anything was killed. */
async function goThrough(fleet: Fleet, parts: readonly Part[], flags: Flags): Promise<Findings> {
  const losses: Partial<Record<Loss, Losses>> = {}
  const rest = parts.includes('idle') ? { idle: await idle(fleet, settleMs, flags.idleMs) } : {}
  for (const how of ['kill', 'stop'] as const) {
    if (parts.includes(how)) losses[how] = await lose(fleet, how, flags.kills)
  }
  if (!parts.includes('hogs')) return { ...rest, losses }
  return { ...rest, losses, falseDeaths: await falseDeathsBesideHogs(fleet, 2, flags.hogsMs) }
}

/** The same pool in a federation of twice the size; and half a pool, for comparison. */
async function flatness(flags: Flags, known: Idle | undefined): Promise<Row> {
  const { hubs } = flags
  const measure = (name: string, regions: number, hubsPerRegion: number): Promise<Idle> =>
    withHubs(flags, { name, regions, hubsPerRegion, regionals }, (fleet) => idle(fleet, settleMs, flags.idleMs))
  const half = await measure('half', 1, Math.floor(hubs / 2))
  const one = known ?? (await measure('one', 1, hubs))
  const two = await measure('two', 2, hubs)
  const ratio = two.bytesPerSecond / one.bytesPerSecond
  say(`idle, each: ${[half, one, two].map((each) => each.bytesPerSecond.toFixed(0)).join(', ')} B/s`)
  return {
    what: `idle bytes, ${hubs} + ${hubs} hubs in 2 regions over ${hubs} in 1`,
    measured: `${ratio.toFixed(2)}x`,
    target: `≤ ${flatRatio}x · ${Math.floor(hubs / 2)} in 1: ${(half.bytesPerSecond / one.bytesPerSecond).toFixed(2)}x`,
    isMet: ratio <= flatRatio,
  }
}

// ---- fleets

interface Named {
  /** Of the folder of its logs. */
  readonly name: string
}

async function withHubs<T>(flags: Flags, plan: HubFleet & Named, work: (fleet: Fleet) => Promise<T>): Promise<T> {
  return withFleet(await hubFleet({ ...plan, ...logsIn(flags, `hubmesh-${plan.name}`) }), work)
}

/** Undefined where the agents are left out. */
async function withAgents<T>(
  flags: Flags & { readonly place?: HubFleet['place'] },
  name: string,
  work: (fleet: Fleet) => Promise<T>,
): Promise<T | undefined> {
  if (!flags.hasSerf) return undefined
  const place = flags.place === undefined ? {} : { place: flags.place }
  return withFleet(await agentFleet({ agents: flags.hubs, ...place, ...logsIn(flags, `serf-${name}`) }), work)
}

async function withFleet<T>(fleet: Fleet, work: (fleet: Fleet) => Promise<T>): Promise<T> {
  try {
    await gather(fleet)
    return await work(fleet)
  } finally {
    await fleet.close()
  }
}

function logsIn({ logs }: Flags, name: string): { readonly logs?: string } {
  if (logs === undefined) return {}
  const folder = `${logs}/${name}`
  mkdirSync(folder, { recursive: true })
  return { logs: folder }
}

// ---- rows

function rowsOf(own: Findings, other: Findings | undefined, hubs: number): Row[] {
  const rows: Row[] = []
  const { kill, stop } = own.losses
  if (kill !== undefined) rows.push(...killRows(`kill -9, ${hubs} hubs`, kill, other?.losses.kill))
  if (stop !== undefined) rows.push(...notSlowerRows('SIGSTOP', stop, other?.losses.stop))
  if (own.idle !== undefined) rows.push(...idleRows(own.idle, other?.idle))
  if (own.falseDeaths !== undefined) {
    rows.push({
      what: 'false deaths beside two CPU hogs',
      measured: String(own.falseDeaths),
      target: `${targets.falseDeaths}${beside(other?.falseDeaths, String)}`,
      isMet: own.falseDeaths <= targets.falseDeaths,
    })
  }
  return rows
}

function killRows(what: string, own: Losses, other: Losses | undefined): Row[] {
  const row = (share: number, targetMs: number): Row => {
    const ms = quantile(own.delays, share)
    return {
      what: `${what}: survivors know, p${share * 100}`,
      measured: seconds(ms),
      target: `≤ ${seconds(targetMs)}${beside(other && quantile(other.delays, share), seconds)}`,
      isMet: ms <= targetMs,
    }
  }
  return [row(0.5, targets.killP50Ms), row(0.99, targets.killP99Ms), calmRow(what, own, other)]
}

/** Met as well where there is nothing to compare with. */
function notSlowerRows(what: string, own: Losses, other: Losses | undefined): Row[] {
  const row = (share: number): Row => {
    const ms = quantile(own.delays, share)
    const limit = other === undefined ? Number.POSITIVE_INFINITY : quantile(other.delays, share)
    return {
      what: `${what}: survivors know, p${share * 100}`,
      measured: seconds(ms),
      target: other === undefined ? 'Serf, not run' : `≤ Serf ${seconds(limit)}`,
      isMet: ms <= limit && Number.isFinite(ms),
    }
  }
  return [row(0.5), row(0.99), calmRow(what, own, other)]
}

function calmRow(what: string, own: Losses, other: Losses | undefined): Row {
  return {
    what: `${what}: deaths told of hubs that lived`,
    measured: String(own.falseDeaths),
    target: `${targets.falseDeaths}${beside(other?.falseDeaths, String)}`,
    isMet: own.falseDeaths <= targets.falseDeaths,
  }
}

function idleRows(own: Idle, other: Idle | undefined): Row[] {
  const percent = (share: number): string => `${share.toFixed(2)} %`
  const bytes = (rate: number): string => `${rate.toFixed(0)} B/s`
  return [
    {
      what: 'idle, CPU per hub',
      measured: percent(own.cpuPercent),
      target: `≤ ${targets.cpuPercent} %${beside(other?.cpuPercent, percent)}`,
      isMet: own.cpuPercent <= targets.cpuPercent,
    },
    {
      what: 'idle, bytes on loopback per hub',
      measured: bytes(own.bytesPerSecond),
      target: `≤ ${targets.bytesPerSecond} B/s${beside(other?.bytesPerSecond, bytes)}`,
      isMet: own.bytesPerSecond <= targets.bytesPerSecond,
    },
  ]
}

function beside(figure: number | undefined, text: (figure: number) => string): string {
  return figure === undefined ? '' : ` · Serf ${text(figure)}`
}

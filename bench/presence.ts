// What presence costs one hub of a thousand: a real hub with the catalog of 100,000 projects is told of all of them, which beat every
// 30 s, by the machines that 999 other homes would run; a hundred beat at itself. A second real hub stands beside it. CPU and
// memory are read from /proc, the rest from its own metrics. `--seconds N`: for how long, after the warm-up;
// `--homes N`: so many homes instead, to see what the others cost;
// `--older`: as they would tell a federation in which a hub of 0.3 is left.

import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Project } from '../src/hub/shapes.ts'
import { Federation, type HubProcess } from '../test/federation/processes.ts'
import { stock, stockedEntries, stockedHubs } from './catalog/stock.ts'
import { Feeder } from './presence/feeder.ts'
import { beatEveryMs, Homes, warmUpMs } from './presence/homes.ts'
import type { Report, Row } from './row.ts'
import { until } from './until.ts'

const limits = { cpuPercent: 10, rssMib: 350, effectiveness: 0.95, heardShare: 0.999 }
/** Beats of the hub's own projects come so many at a time. */
const batch = 10
/** Ticks of a second in /proc/PID/stat. */
const ticks = 100
/** A beat is known by then: its interval, the refresh, and the way. */
const currentMs = 75_000

export async function presence(args: readonly string[]): Promise<Report> {
  const options = {
    seconds: { type: 'string', default: '90' },
    homes: { type: 'string', default: `${stockedHubs}` },
    older: { type: 'boolean', default: false },
    json: { type: 'boolean' },
  } as const
  const { seconds, homes: count, older: isOlder } = parseArgs({ args: [...args], options }).values
  const federation = await Federation.open('defaults')
  const others = Array.from({ length: Number(count) - 1 }, (_, i) => `stock-${i}`)
  let homes: Homes | undefined
  let feeder: Feeder | undefined
  const beating = new AbortController()
  try {
    const [hub, mate] = await pairOf(federation)
    feeder = await Feeder.open([hub.p2p, mate.p2p])
    const told = feeder
    homes = new Homes({ names: others, projects: stockedEntries, isOlder, publish: (message) => told.publish(message) })
    const source = homes
    feeder.ask = (home, message, send) => source.hear(home, message, send)
    await until(async () => told.links === 2, { withinMs: 60_000, everyMs: 100 })
    await until(() => hub.isHealthy(), { withinMs: 60_000, everyMs: 500 })
    // From the first reader on a hub looks after statuses.
    await hub.get('/api/fed/projects?limit=1')
    homes.start()
    void beatAt(hub, beating.signal)
    await wait(warmUpMs)
    const before = { ...reading(hub), published: told.published, bytes: told.bytes, wanted: told.wanted }
    await wait(Number(seconds) * 1_000)
    const after = { ...reading(hub), published: told.published, bytes: told.bytes, wanted: told.wanted }
    return await report(hub, { before, after, homes: Number(count) })
  } finally {
    beating.abort()
    homes?.stop()
    await feeder?.close()
    await federation.close()
  }
}

type Reading = ReturnType<typeof reading> & {
  readonly published: number
  readonly bytes: number
  readonly wanted: number
}

interface Measured {
  readonly before: Reading
  readonly after: Reading
  readonly homes: number
}

async function report(hub: HubProcess, { before, after, homes }: Measured): Promise<Report> {
  const elapsed = (after.at - before.at) / 1_000
  const cpu = (100 * (after.cpuSeconds - before.cpuSeconds)) / elapsed
  const metrics = await (await fetch(`${hub.http}/metrics`)).text()
  const effectiveness = Number(/^federation_batch_effectiveness (.*)$/m.exec(metrics)?.[1])
  const projects = await hub.get<Project[]>('/api/fed/projects')
  const now = Date.now()
  const current = projects.filter(({ last_heartbeat_at: at }) => at !== null && now - Date.parse(at) < currentMs)
  const heard = current.length / (homes * stockedEntries)
  const per = (from: number, to: number) => ((to - from) / elapsed).toFixed(1)
  const row = (what: string, measured: string, rule: { target: string; isMet: boolean }): Row => {
    return { what, measured, ...rule }
  }
  return {
    text: [
      `${per(before.published, after.published)} presence messages/s, ${per(before.bytes, after.bytes)} B/s were published; ` +
        `${per(before.wanted, after.wanted)} sections/s asked for`,
    ],
    rows: [
      row(`CPU of a hub of ${homes} with ${stockedEntries} projects each`, `${cpu.toFixed(1)} %`, {
        target: `≤ ${limits.cpuPercent} %`,
        isMet: cpu <= limits.cpuPercent,
      }),
      row('resident memory of it', `${after.rssMib.toFixed(0)} MiB`, {
        target: `≤ ${limits.rssMib} MiB`,
        isMet: after.rssMib <= limits.rssMib,
      }),
      row('batch effectiveness of it', `${(100 * effectiveness).toFixed(1)} %`, {
        target: `≥ ${100 * limits.effectiveness} %`,
        isMet: effectiveness >= limits.effectiveness,
      }),
      row(`projects whose beat it knew of within ${currentMs / 1_000} s`, `${(100 * heard).toFixed(2)} %`, {
        target: `≥ ${100 * limits.heardShare} %`,
        isMet: heard >= limits.heardShare,
      }),
    ],
  }
}

/** The hub that is measured and one beside it, with the same catalog. */
async function pairOf(federation: Federation): Promise<[HubProcess, HubProcess]> {
  const hub = await federation.add({ id: 'bench', tier: 'regional' })
  const mate = await federation.add({ id: 'mate', tier: 'regional', bootstrap: [hub.p2p] })
  await stock(hub.dataDir, ['bench'])
  cpSync(join(hub.dataDir, 'catalog'), join(mate.dataDir, 'catalog'), { recursive: true })
  hub.start()
  mate.start()
  return [hub, mate]
}

/** The hub's own projects beat, some at a time, through the whole interval. */
async function beatAt(hub: HubProcess, signal: AbortSignal): Promise<void> {
  const rounds = stockedEntries / batch
  for (let round = 0; !signal.aborted; round = (round + 1) % rounds) {
    const heartbeats = Array.from({ length: batch }, (_, i) => ({ slug: `bench-p${round * batch + i}` }))
    await hub.post('/api/fed/heartbeats', heartbeats).catch(() => undefined)
    await wait(beatEveryMs / rounds)
  }
}

function reading({ pid }: HubProcess) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    at: performance.now(),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticks,
    rssMib: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_024,
  }
}

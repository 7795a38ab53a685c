// How long a hub with 100,000 entries on its disk takes until it is ready, and how large it is then.

import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { Federation, type HubProcess } from '../../test/federation/processes.ts'
import { median } from '../membership/statistics.ts'
import type { Report, Row } from '../row.ts'
import { stock, stockedEntries, stockedHubs } from './stock.ts'

const targetMs = 1_500
const targetMiB = 300
const rounds = 5

export async function start(): Promise<Report> {
  const federation = await Federation.open('defaults')
  try {
    const empty = await federation.add({ id: 'empty', tier: 'global' })
    // Its first life waits for peers; later ones have a slice to go on with.
    await timed(empty)
    const full = await federation.add({ id: 'full', tier: 'global' })
    await stock(full.dataDir, ['full'])
    const bare: Ready[] = []
    const runs: Ready[] = []
    for (let round = 0; round < rounds; round++) {
      bare.push(await timed(empty))
      runs.push(await timed(full))
    }
    return { rows: rowsOf(figuresOf(runs), figuresOf(bare)), text: [] }
  } finally {
    await federation.close()
  }
}

/** Of lives that were alike: half of them were ready by then, none was larger, each had as many entries. */
function figuresOf(runs: readonly Ready[]): Ready {
  return {
    ms: median(runs.map((run) => run.ms)),
    mib: Math.max(...runs.map((run) => run.mib)),
    entries: Math.min(...runs.map((run) => run.entries)),
  }
}

function rowsOf({ ms, mib, entries }: Ready, floor: Ready): Row[] {
  const isWhole = entries === stockedEntries * stockedHubs
  return [
    {
      what: `start with ${entries} entries, median of ${rounds} (floor ${floor.ms.toFixed(0)} ms: none)`,
      measured: `${ms.toFixed(0)} ms`,
      target: `≤ ${targetMs} ms`,
      isMet: isWhole && ms <= targetMs,
    },
    {
      what: `its RSS once it is ready, the most of ${rounds} (floor ${floor.mib.toFixed(0)} MiB)`,
      measured: `${mib.toFixed(0)} MiB`,
      target: `≤ ${targetMiB} MiB`,
      isMet: isWhole && mib <= targetMiB,
    },
  ]
}

interface Ready {
  readonly ms: number
  readonly mib: number
  readonly entries: number
}

/** One life: from the command to the first 200 of /health/ready. */
async function timed(hub: HubProcess): Promise<Ready> {
  const startedAt = performance.now()
  hub.start()
  while (!(await isReady(hub))) {
    if (performance.now() - startedAt > 60_000) throw new Error(`${hub.id} is not ready after a minute: ${hub.log}`)
    await wait(5)
  }
  const ms = performance.now() - startedAt
  const status = await readFile(`/proc/${hub.pid}/status`, 'utf8')
  const mib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.POSITIVE_INFINITY) / 1_024
  const { catalog } = await hub.status()
  await hub.end('SIGTERM')
  return { ms, mib, entries: catalog.projects }
}

async function isReady(hub: HubProcess): Promise<boolean> {
  const response = await fetch(`${hub.http}/health/ready`).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.status === 200
}

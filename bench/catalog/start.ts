// How long a hub with 100,000 entries on its disk takes until it is ready, and how large it is then.

import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { Federation, type HubProcess } from '../../test/federation/processes.ts'
import type { Report } from '../row.ts'
import { stock } from './stock.ts'

const targetMs = 1_500
const targetMiB = 300
const rounds = 5

export async function start(): Promise<Report> {
  const federation = await Federation.open('defaults')
  try {
    const empty = await federation.add({ id: 'empty', tier: 'global' })
    // Its first life waits for peers; later ones have a slice to go on with.
    await timed(empty)
    const bare = await timed(empty)
    const hub = await federation.add({ id: 'full', tier: 'global' })
    await stock(hub.dataDir, ['full'])
    const runs: Ready[] = []
    for (let round = 0; round < rounds; round++) runs.push(await timed(hub))
    runs.sort((a, b) => a.ms - b.ms)
    const { ms = Number.POSITIVE_INFINITY, entries = 0 } = runs[Math.floor(rounds / 2)] ?? {}
    const mib = Math.max(...runs.map((run) => run.mib))
    const row = { what: `start with ${entries} entries, median of ${rounds} (floor ${bare.ms.toFixed(0)} ms: none)` }
    return {
      rows: [
        { ...row, measured: `${ms.toFixed(0)} ms`, target: `≤ ${targetMs} ms`, isMet: ms <= targetMs },
        {
          what: `its RSS once it is ready (floor ${bare.mib.toFixed(0)} MiB: no entry)`,
          measured: `${mib.toFixed(0)} MiB`,
          target: `≤ ${targetMiB} MiB`,
          isMet: mib <= targetMiB,
        },
      ],
      text: [],
    }
  } finally {
    await federation.close()
  }
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
  const mib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024
  const { catalog } = await hub.status()
  await hub.end('SIGTERM')
  return { ms, mib, entries: catalog.projects }
}

async function isReady(hub: HubProcess): Promise<boolean> {
  const response = await fetch(`${hub.http}/health/ready`).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.status === 200
}

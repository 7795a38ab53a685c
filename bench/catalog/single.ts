// What a write costs a single caller: a hub on a real disk, asked at the core's port, one registration after the other, each
// answered when it is durable. Beside each the floor: as many bytes put and synced by LevelDB alone, on the same disk.

import { join } from 'node:path'
import { Level } from 'level'
import type { Slug } from '../../src/core/ids.ts'
import type { Driver } from '../../src/hub/driver.ts'
import type { StoredOp } from '../../src/hub/ports.ts'
import { testHub } from '../../test/hubs.ts'
import { median } from '../membership/statistics.ts'
import type { Report } from '../row.ts'
import { until } from '../until.ts'

const warmUps = 200
const measured = 1_000
/** The caller writes the same entries over and over. */
const entries = 50
const targetRatio = 1.5

export async function single(): Promise<Report> {
  let bytes = 0
  const hub = await testHub(
    { HUBMESH_MONITORING__LOG_LEVEL: 'error' },
    {
      adapt: ({ ports, ...options }) => {
        const { store } = ports
        const persist: typeof store.persist = (batch, synced, done) => {
          if (synced) bytes += sizeOf(batch)
          store.persist(batch, synced, done)
        }
        return { ...options, ports: { ...ports, store: { load: store.load.bind(store), persist } } }
      },
    },
  )
  const bare = new Level<string, Uint8Array>(join(hub.dataDir, 'bare'), { valueEncoding: 'view' })
  try {
    await until(() => register(hub.driver, 0), { withinMs: 10_000, everyMs: 50 })
    const took: Took[] = []
    for (let i = 0; i < warmUps + measured; i++) {
      bytes = 0
      const hubMs = await timed(() => register(hub.driver, i))
      const value = new Uint8Array(bytes).map((_, at) => (i * 151 + at * 7) & 0xff)
      const bareMs = await timed(() => bare.put(`k${i % entries}`, value, { sync: true }))
      if (i >= warmUps) took.push({ hubMs, bareMs, bytes: value.length })
    }
    return reportOf(took)
  } finally {
    await bare.close()
    await hub.stop()
  }
}

interface Took {
  readonly hubMs: number
  readonly bareMs: number
  readonly bytes: number
}

function reportOf(took: readonly Took[]): Report {
  const [hubMs, bareMs] = [median(took.map((one) => one.hubMs)), median(took.map((one) => one.bareMs))]
  const bytes = median(took.map((one) => one.bytes))
  const ratio = hubMs / bareMs
  return {
    rows: [
      {
        what: `one caller, median of ${took.length} (floor ${bareMs.toFixed(2)} ms: ${bytes} B put, synced)`,
        measured: `${hubMs.toFixed(2)} ms, ${ratio.toFixed(2)}x`,
        target: `≤ ${targetRatio}x`,
        isMet: ratio <= targetRatio,
      },
    ],
    text: [],
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await act()
  return performance.now() - startedAt
}

/** Resolves when the hub has promised it. */
function register(driver: Driver, nth: number): Promise<true> {
  const slug = `w-${nth % entries}` as Slug
  const name = `${slug} ${nth}`
  return new Promise((resolve, reject) => {
    driver.call({ type: 'register', slug, registration: { name } }, (answer) => {
      if (answer.ok) resolve(true)
      else reject(new Error(`${slug} is not registered: ${answer.detail}`))
    })
  })
}

function sizeOf(batch: readonly StoredOp[]): number {
  return batch.reduce(
    (sum, op) => sum + ('put' in op ? Buffer.byteLength(op.put) + op.value.length : Buffer.byteLength(op.del)),
    0,
  )
}

// Heartbeats over HTTP at one hub on one core, for projects that it knows: a hundred in a request, and one by one.

import type { Report } from '../row.ts'
import { interleaved } from './load.ts'
import { beat, beats, guarded, onStage, projects, slugOf } from './stage.ts'

const pace = { rounds: 5, seconds: 2 }
const batchSize = 100
const targets = { batched: 100_000, single: 8_000 }

export async function heartbeats(): Promise<Report> {
  return onStage(async (stage) => {
    const server = await stage.hub({ id: 'beaten', settings: guarded }, true)
    const slugs = Array.from({ length: projects }, (_, nth) => slugOf(nth))
    const batches = Array.from({ length: projects / batchSize }, (_, nth) =>
      beats(slugs.slice(nth * batchSize, (nth + 1) * batchSize)),
    )
    const found = await interleaved(
      [
        { name: 'batched', server, requests: batches },
        { name: 'single', server, requests: slugs.map(beat) },
      ],
      stage.pace,
    )
    const row = (name: 'batched' | 'single', what: string, perRequest: number) => {
      const { perSecond = 0, cpuMicros = Number.NaN } = found.get(name) ?? {}
      const rate = (perRequest * 1e6) / cpuMicros
      return {
        what: `heartbeats a second of CPU, ${what} (${(perSecond * perRequest).toFixed(0)}/s by the wall)`,
        measured: `${rate.toFixed(0)}/s`,
        target: `≥ ${targets[name]}/s`,
        isMet: rate >= targets[name],
      }
    }
    return { rows: [row('batched', `${batchSize} a request`, batchSize), row('single', 'one a request', 1)], text: [] }
  }, pace)
}

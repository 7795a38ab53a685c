// Runs the grid on every core, cell by cell. What a cell counts depends on its seed alone, so neither the number of cores
// nor their pace changes a figure; only where time runs out are the last cells left out, and the report says so.

import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Anomaly, Counts } from './anomaly.ts'
import type { Counted } from './calibration.ts'
import type { Job } from './cell.worker.ts'
import type { Configuration } from './configurations.ts'

export interface GridPlan {
  readonly cells: readonly Anomaly[]
  readonly configurations: readonly Configuration[]
  /** No cell is begun after so long. */
  readonly limitMs: number
  readonly progress: (text: string) => void
}

export interface GridRun {
  /** The cells that were run, in the order of the counts. */
  readonly cells: readonly Anomaly[]
  readonly counted: Counted
}

/** Coprime to the grid's size: the cells that come last are spread over it. */
const stride = 7

export async function runGrid({ cells, configurations, limitMs, progress }: GridPlan): Promise<GridRun> {
  const startedAt = performance.now()
  const queue = cells.map((_, index) => cells[(index * stride) % cells.length]).filter((cell) => cell !== undefined)
  const done: { readonly cell: Anomaly; readonly counts: readonly Counts[] }[] = []
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./cell.worker.ts', import.meta.url))
    try {
      while (performance.now() - startedAt < limitMs) {
        const cell = queue.shift()
        if (cell === undefined) return
        const job: Job = { cell, configurations }
        worker.postMessage(job)
        const [counts] = (await once(worker, 'message')) as [readonly Counts[]]
        done.push({ cell, counts })
        progress(
          `grid ${done.length}/${cells.length}: C ${cell.slowMembers}, D ${cell.slowMs} ms, I ${cell.normalMs} ms`,
        )
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), cells.length) }, work))
  const ran = cells.flatMap((cell) => done.filter((one) => one.cell === cell))
  const counted = new Map<Configuration, readonly Counts[]>()
  for (const [index, configuration] of configurations.entries()) {
    counted.set(
      configuration,
      ran.flatMap(({ counts }) => counts[index] ?? []),
    )
  }
  return { cells: ran.map(({ cell }) => cell), counted }
}

// One core's part of the grid: takes a cell, runs every configuration on it, and says what it counted.

import { parentPort } from 'node:worker_threads'
import { type Anomaly, runAnomaly } from './anomaly.ts'
import type { Configuration } from './configurations.ts'

export interface Job {
  readonly cell: Anomaly
  readonly configurations: readonly Configuration[]
}

parentPort?.on('message', ({ cell, configurations }: Job) => {
  parentPort?.postMessage(configurations.map((configuration) => runAnomaly(cell, configuration)))
})

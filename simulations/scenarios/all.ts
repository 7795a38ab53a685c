// The scenarios by name.

import type { Scenario } from '../engine/scenario.ts'
import { churn } from './churn.ts'
import { clockJumps } from './clock-jumps.ts'
import { coldStart } from './cold-start.ts'
import { fewLinks } from './few-links.ts'
import { firstDetection } from './first-detection.ts'
import { flapping } from './flapping.ts'
import { grayFailure } from './gray-failure.ts'
import { lifeguard } from './lifeguard.ts'
import { massFailure } from './mass-failure.ts'
import { partitionHeals } from './partition-heals.ts'
import { partitionLong } from './partition-long.ts'
import { regionLost } from './region-lost.ts'
import { rollingRestart } from './rolling-restart.ts'
import { swimLoss } from './swim-loss.ts'
import { wan, wanLan } from './wan.ts'

export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  [
    coldStart,
    churn,
    partitionHeals,
    partitionLong,
    clockJumps,
    fewLinks,
    lifeguard,
    swimLoss,
    firstDetection,
    grayFailure,
    regionLost,
    massFailure,
    rollingRestart,
    flapping,
    wan,
    wanLan,
  ].map((scenario) => [scenario.name, scenario]),
)

// The scenarios by name.

import type { Scenario } from '../engine/scenario.ts'
import { churn } from './churn.ts'
import { coldStart } from './cold-start.ts'
import { partitionHeals } from './partition-heals.ts'

export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  [coldStart, churn, partitionHeals].map((scenario) => [scenario.name, scenario]),
)

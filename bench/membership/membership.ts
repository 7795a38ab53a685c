// `npm run bench -- membership`: the SWIM machine beside theory and beside the Lifeguard paper. First the laws that hold for
// any SWIM; then the calibration: our SWIM, LHA-Probe, LHA-Suspicion, Buddy and Lifeguard on a tenth of the paper's
// experiment, because a simulator that beats Lifeguard proves nothing until it shows Lifeguard; then HubMesh on the same.

import { Random } from '../../src/core/random.ts'
import { minute } from '../../src/core/time.ts'
import type { Report, Row } from '../row.ts'
import { poolSize } from './anomaly.ts'
import { type Counted, calibrationRows, partOf, publishedNames, table, total } from './calibration.ts'
import type { Configuration } from './configurations.ts'
import { runGrid } from './crew.ts'
import { firstProbe } from './firstprobe.ts'
import { grid } from './grid.ts'
import { detectionLatency } from './latency.ts'
import { falseDetection, type LossPoint, sampleRounds } from './loss.ts'
import { halfWidth, mean, upperShare } from './statistics.ts'

const lossPoints: readonly LossPoint[] = [
  { delivery: 0.99, helpers: 1 },
  { delivery: 0.99, helpers: 3 },
  { delivery: 0.95, helpers: 1 },
  { delivery: 0.95, helpers: 3 },
  { delivery: 0.9, helpers: 1 },
  { delivery: 0.9, helpers: 3 },
]

/** The grid's share of twelve minutes. */
const limitMs = 9 * minute

export async function membership(args: readonly string[]): Promise<Report> {
  const isQuick = args.includes('--quick')
  const startedAt = performance.now()
  const progress = (text: string): void => {
    console.error(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${text}`)
  }
  progress('first probe of a dead member')
  const first = firstProbeRows(isQuick)
  progress('false detections by loss')
  const loss = lossRows(first.meanPeriods, isQuick)
  const plan = grid(isQuick)
  const configurations: readonly Configuration[] = ['SWIM', ...publishedNames, 'HubMesh']
  const { counted, cells } = await runGrid({ cells: plan, configurations, limitMs, progress })
  progress('detection latency')
  const rows = [...first.rows, ...loss, ...calibrationRows(counted), ...ownRows(counted, isQuick)]
  progress('done')
  const text = [
    `${cells.length} of ${plan.length} runs of ${poolSize} members; in brackets the shares that the Lifeguard paper publishes:`,
    ...table(counted),
    'of these, the C that the knob was fitted on:',
    ...table(partOf(counted, cells, true)),
    'and the others, which verify it:',
    ...table(partOf(counted, cells, false)),
    `took ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`,
  ]
  return { rows, text }
}

function firstProbeRows(isQuick: boolean): { readonly rows: readonly Row[]; readonly meanPeriods: number } {
  const { meanPeriods, longestGap, samples } = firstProbe(isQuick ? 300 : 900, 1)
  const theory = Math.E / (Math.E - 1)
  const bound = 2 * poolSize - 1
  const rows = [
    {
      what: `first probe of a dead member, mean of ${samples}`,
      measured: `${meanPeriods.toFixed(3)} periods`,
      target: '1.582 ± 3 %',
      isMet: Math.abs(meanPeriods / theory - 1) <= 0.03,
    },
    {
      what: 'longest wait of one observer',
      measured: `${longestGap} periods`,
      target: `≤ ${bound}`,
      isMet: longestGap <= bound,
    },
  ]
  return { rows, meanPeriods }
}

/** A round that fails counts for as many periods as a dead member's first probe takes: that is what SWIM's formula says. */
function lossRows(meanPeriods: number, isQuick: boolean): readonly Row[] {
  return lossPoints.map((point, index) => {
    const weights = sampleRounds(point, isQuick ? 6_000 : 20_000, 1 + index)
    const found = mean(weights) * meanPeriods
    const half = halfWidth(weights) * meanPeriods
    const expected = falseDetection(point)
    const isRare = expected < 1e-5
    return {
      what: `false detection, q ${point.delivery}, k ${point.helpers}`,
      measured: `${found.toExponential(2)} ± ${half.toExponential(0)}`,
      target: `${expected.toExponential(2)} ${isRare ? 'within' : '± 10 %'}`,
      isMet: isRare ? Math.abs(found - expected) <= half : Math.abs(found / expected - 1) <= 0.1,
    }
  })
}

function ownRows(counted: Counted, isQuick: boolean): readonly Row[] {
  const lifeguard = total(counted, 'Lifeguard')
  const own = total(counted, 'HubMesh')
  const perRun = (name: Configuration): number[] => (counted.get(name) ?? []).map((count) => count.falsePositives)
  const upper = upperShare(perRun('HubMesh'), perRun('Lifeguard'), new Random(1))
  const share = own.falsePositives / lifeguard.falsePositives
  const messages = own.messages / total(counted, 'SWIM').messages
  const rows: Row[] = [
    {
      what: "HubMesh: false positives, of our Lifeguard's (95 %)",
      measured: `${(100 * share).toFixed(0)} % (≤ ${(100 * upper).toFixed(0)} %)`,
      target: '≤ 50 %',
      isMet: share <= 0.5,
    },
    {
      what: "HubMesh: messages, of SWIM's",
      measured: `${messages.toFixed(3)}x`,
      target: '≤ 1.11x',
      isMet: messages <= 1.11,
    },
  ]
  const runs = isQuick ? 2 : 6
  for (const withSlow of [false, true]) {
    const swimMs = detectionLatency({ configuration: 'SWIM', withSlow, runs })
    const ownMs = detectionLatency({ configuration: 'HubMesh', withSlow, runs })
    rows.push({
      what: `HubMesh: known dead, median, ${withSlow ? '16 slow members' : 'all others well'}`,
      measured: `${(ownMs / 1_000).toFixed(2)} s`,
      target: `≤ ${(swimMs / 1_000).toFixed(2)} s (SWIM)`,
      isMet: ownMs <= swimMs,
    })
  }
  return rows
}

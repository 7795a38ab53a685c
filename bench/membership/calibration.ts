// Our configurations on the grid, beside the figures of the Lifeguard paper's table of configurations.

import type { Row } from '../row.ts'
import type { Anomaly, Counts } from './anomaly.ts'
import type { Configuration } from './configurations.ts'
import { fitted } from './grid.ts'
import { sum } from './statistics.ts'

/** Shares of plain SWIM's figure, per cent. */
interface Shares {
  readonly falsePositives: number
  readonly atHealthy: number
  readonly messages: number
}

export type Published = 'LHA-Probe' | 'LHA-Suspicion' | 'Buddy' | 'Lifeguard'

/** Dadgar, Phillips, Currey 2017: false positives, those at healthy members, and messages, as shares of SWIM's. */
export const published: Readonly<Record<Published, Shares>> = {
  'LHA-Probe': { falsePositives: 67.7, atHealthy: 32.9, messages: 98.5 },
  'LHA-Suspicion': { falsePositives: 3.0, atHealthy: 6.7, messages: 111.3 },
  Buddy: { falsePositives: 94.1, atHealthy: 44.6, messages: 100.1 },
  Lifeguard: { falsePositives: 1.53, atHealthy: 1.89, messages: 110.6 },
}
export const publishedNames = Object.keys(published) as readonly Published[]

const tolerance = 0.3
const messageTolerance = 5

/** What one configuration counted, cell by cell of the grid. */
export type Counted = ReadonlyMap<Configuration, readonly Counts[]>

export function total(counted: Counted, configuration: Configuration): Counts {
  const counts = counted.get(configuration) ?? []
  return {
    falsePositives: sum(counts.map((count) => count.falsePositives)),
    atHealthy: sum(counts.map((count) => count.atHealthy)),
    messages: sum(counts.map((count) => count.messages)),
  }
}

export function sharesOf(counts: Counts, ofSwim: Counts): Shares {
  return {
    falsePositives: (100 * counts.falsePositives) / ofSwim.falsePositives,
    atHealthy: (100 * counts.atHealthy) / ofSwim.atHealthy,
    messages: (100 * counts.messages) / ofSwim.messages,
  }
}

/** The table: what was counted, its share of SWIM's, and in brackets the published share. */
export function table(counted: Counted): readonly string[] {
  const ofSwim = total(counted, 'SWIM')
  const lines = [...counted.keys()].map((configuration) => {
    const counts = total(counted, configuration)
    const shares = sharesOf(counts, ofSwim)
    const paper = configuration in published ? published[configuration as Published] : undefined
    const cell = (count: number, share: number, theirs: number | undefined): string => {
      const ours = Number.isFinite(share) ? `${share.toFixed(2)} %` : '-'
      return `${String(count).padStart(9)} ${ours.padStart(9)} ${(theirs === undefined ? '' : `(${theirs})`).padEnd(8)}`
    }
    return [
      configuration.padEnd(14),
      cell(counts.falsePositives, shares.falsePositives, paper?.falsePositives),
      cell(counts.atHealthy, shares.atHealthy, paper?.atHealthy),
      cell(counts.messages, shares.messages, paper?.messages),
    ].join(' ')
  })
  const head = [
    'configuration'.padEnd(14),
    ...['false positives', 'at healthy', 'messages'].map((text) => text.padStart(19).padEnd(28)),
  ]
  return [head.join(' ').trimEnd(), ...lines.map((line) => line.trimEnd())]
}

/** The paper's shares within 30 %, their order, and messages within 5 points. */
export function calibrationRows(counted: Counted): readonly Row[] {
  const ofSwim = total(counted, 'SWIM')
  const ours = publishedNames.map((name) => ({ name, ...sharesOf(total(counted, name), ofSwim) }))
  const rows = ours.flatMap(({ name, falsePositives, messages }): Row[] => {
    const paper = published[name]
    const least = paper.falsePositives * (1 - tolerance)
    const most = paper.falsePositives * (1 + tolerance)
    return [
      {
        what: `${name}: false positives, share of SWIM's`,
        measured: `${falsePositives.toFixed(2)} %`,
        target: `${least.toFixed(2)}-${most.toFixed(2)} %`,
        isMet: falsePositives >= least && falsePositives <= most,
      },
      {
        what: `${name}: messages, share of SWIM's`,
        measured: `${messages.toFixed(1)} %`,
        target: `${paper.messages} ± ${messageTolerance} %`,
        isMet: Math.abs(messages - paper.messages) <= messageTolerance,
      },
    ]
  })
  return [...rows, orderRow([{ name: 'SWIM', falsePositives: 100 }, ...ours])]
}

/** At least the order comes out: Lifeguard below LHA-Suspicion below LHA-Probe below Buddy below SWIM. */
function orderRow(ours: readonly { readonly name: string; readonly falsePositives: number }[]): Row {
  const theirs = (name: string): number => (name === 'SWIM' ? 100 : published[name as Published].falsePositives)
  const sorted = [...ours].sort((a, b) => a.falsePositives - b.falsePositives)
  const isSorted = sorted.every(
    ({ name }, index) => index === 0 || theirs(sorted[index - 1]?.name ?? name) <= theirs(name),
  )
  const measured = isSorted ? 'as published' : sorted.map(({ name }) => name.replace('LHA-', '')).join(' < ')
  return { what: 'order of the five by false positives', measured, target: 'as published', isMet: isSorted }
}

/** The part of the grid that the knob was fitted on, or the other part. */
export function partOf(counted: Counted, cells: readonly Anomaly[], isFitted: boolean): Counted {
  const isOfPart = (_: Counts, index: number): boolean => fitted.has(cells[index]?.slowMembers ?? 0) === isFitted
  return new Map([...counted].map(([configuration, counts]) => [configuration, counts.filter(isOfPart)]))
}

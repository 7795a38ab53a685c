// What a run prints at its end, for people and for programs.

import { type Millis, second } from '../src/core/time.ts'
import type { Outcome } from './engine/outcome.ts'
import { quantile } from './engine/stats.ts'

type Rows = (readonly [name: string, value: string])[]

/** More pools than this say nothing one by one. */
const maxPools = 12

/** Two columns, then the traffic. */
export function asTable(outcome: Outcome, wallMs: Millis): string {
  const rows: Rows = [
    ['hubs', String(outcome.hubs)],
    ['projects', String(outcome.projects)],
    ['virtual time', seconds(outcome.virtualMs)],
    ['wall time', seconds(wallMs)],
    ['events', `${outcome.events} (${Math.round(outcome.events / (wallMs / second))}/s)`],
    ...deaths(outcome),
    ...healing(outcome),
    ['convergence', seconds(outcome.convergedMs)],
    ['violations', String(outcome.violations.length)],
    ['trace', outcome.traceHash],
  ]
  const facts = rows.map(([name, value]) => `${name.padEnd(22)} ${value}\n`).join('')
  const traffic = rates(outcome).map(
    ({ kind, messages, bytes }) =>
      `${kind.padEnd(22)} ${messages.toFixed(2).padStart(12)} ${bytes.toFixed(0).padStart(12)}\n`,
  )
  const head = `${'received per hub and s'.padEnd(22)} ${'messages'.padStart(12)} ${'bytes'.padStart(12)}\n`
  return `${facts}${head}${traffic.join('')}`
}

function deaths(outcome: Outcome): Rows {
  const { byPool, falseDeaths, falseAtHealthy, someFalse, flapsOf } = outcome
  const pools = [...byPool].sort(([a], [b]) => (a < b ? -1 : 1))
  const worst = Math.max(0, ...flapsOf.values())
  return [
    ['deaths learned', String(outcome.detections.length)],
    ['detection p50, p99', spread(outcome.detections)],
    ['  first to know', spread(outcome.first)],
    ['  in the same pool', spread(outcome.near)],
    ['  in other pools', spread(outcome.far)],
    ...(pools.length > maxPools ? [] : pools).map(([pool, delays]) => [`  of ${pool}`, spread(delays)] as const),
    ['false deaths', `${falseDeaths}${falseDeaths === 0 ? '' : `, ${falseAtHealthy} of them by healthy hubs`}`],
    ...someFalse.map(
      ({ at, of, atMs, isBySick }) =>
        [`  at ${seconds(atMs)}`, `${of}, declared by ${at}${isBySick ? ', itself not well' : ''}`] as const,
    ),
    ['deaths of gray hubs', String(outcome.grayDeaths)],
    ['flaps', `${outcome.flaps}${worst > 1 ? `, up to ${worst} of one hub in one view` : ''}`],
  ]
}

function healing({ healed }: Outcome): Rows {
  if (healed === undefined) return []
  const { contactMs, viewsMs, rounds } = healed
  return [
    ['contact after split', seconds(contactMs)],
    ['equal views after that', rounds === undefined ? '-' : `${seconds(viewsMs)}, ${rounds.toFixed(1)} rounds`],
  ]
}

export function asJson(
  order: { readonly seed: number; readonly scenario: { readonly name: string } },
  outcome: Outcome,
  wallMs: Millis,
): string {
  const { detections, near, far, first, byPool, falseOf, flapsOf, restarts, traffic: _, ...plain } = outcome
  return JSON.stringify({
    seed: order.seed,
    scenario: order.scenario.name,
    wallMs,
    ...plain,
    detectionP50Ms: quantile(detections, 0.5),
    detectionP99Ms: quantile(detections, 0.99),
    detection: { all: quantiles(detections), first: quantiles(first), near: quantiles(near), far: quantiles(far) },
    detectionByPool: Object.fromEntries([...byPool].map(([pool, delays]) => [pool, quantiles(delays)])),
    falseOf: Object.fromEntries(falseOf),
    flapsOf: Object.fromEntries(flapsOf),
    restarts: Object.fromEntries(restarts),
    traffic: rates(outcome),
  })
}

interface Quantiles {
  readonly count: number
  readonly p50Ms: Millis | undefined
  readonly p99Ms: Millis | undefined
}

function quantiles(delays: readonly Millis[]): Quantiles {
  return { count: delays.length, p50Ms: quantile(delays, 0.5), p99Ms: quantile(delays, 0.99) }
}

interface Rate {
  readonly kind: string
  readonly messages: number
  readonly bytes: number
}

/** Per hub and second, the busiest first. */
function rates(outcome: Outcome): Rate[] {
  const share = (outcome.hubs * outcome.virtualMs) / second
  return [...outcome.traffic]
    .map(([kind, { messages, bytes }]) => ({ kind, messages: messages / share, bytes: bytes / share }))
    .sort((a, b) => b.bytes - a.bytes)
}

function spread(delays: readonly Millis[]): string {
  return `${seconds(quantile(delays, 0.5))}, ${seconds(quantile(delays, 0.99))}`
}

function seconds(ms: Millis | undefined): string {
  return ms === undefined ? '-' : `${(ms / second).toFixed(2)} s`
}

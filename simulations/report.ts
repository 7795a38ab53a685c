// What a run prints at its end, for people and for programs.

import { type Millis, second } from '../src/core/time.ts'
import type { Outcome } from './engine/simulation.ts'
import { quantile } from './engine/stats.ts'

/** Two columns, then the traffic. */
export function asTable(outcome: Outcome, wallMs: Millis): string {
  const rows: [string, string][] = [
    ['hubs', String(outcome.hubs)],
    ['projects', String(outcome.projects)],
    ['virtual time', seconds(outcome.virtualMs)],
    ['wall time', seconds(wallMs)],
    ['events', `${outcome.events} (${Math.round(outcome.events / (wallMs / second))}/s)`],
    [
      'detection p50, p99',
      `${seconds(quantile(outcome.detections, 0.5))}, ${seconds(quantile(outcome.detections, 0.99))}`,
    ],
    ['deaths learned', String(outcome.detections.length)],
    ['false deaths', String(outcome.falseDeaths)],
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

export function asJson(
  order: { readonly seed: number; readonly scenario: { readonly name: string } },
  outcome: Outcome,
  wallMs: Millis,
): string {
  const { detections, traffic: _, ...plain } = outcome
  return JSON.stringify({
    seed: order.seed,
    scenario: order.scenario.name,
    wallMs,
    ...plain,
    detectionP50Ms: quantile(detections, 0.5),
    detectionP99Ms: quantile(detections, 0.99),
    traffic: rates(outcome),
  })
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

function seconds(ms: Millis | undefined): string {
  return ms === undefined ? '-' : `${(ms / second).toFixed(2)} s`
}

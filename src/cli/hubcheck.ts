// The doctor's look at what a running hub says: its health, its view, its parents, and who of its pools hears whom.

import { Check } from 'typebox/schema'
import type { Config } from '../config/schema.ts'
import { Type } from '../core/schema.ts'
import {
  type Health,
  HealthSchema,
  type Member,
  MemberSchema,
  type Status,
  StatusSchema,
  type Why,
  WhySchema,
} from '../hub/shapes.ts'
import { type AskOptions, ask, baseUrl, reasonOf, refuseRedirect } from './client.ts'
import { CommandFailed } from './exit.ts'
import { type Finding, problem } from './finding.ts'

const timeoutMs = 10_000
/** Hubs whose reachability is asked for. */
const mostAsked = 50

export interface Seen {
  readonly health: Health
  readonly status: Status
  readonly members: readonly Member[]
  /** How far the hub's clock is ahead of this machine's. */
  readonly aheadMs: number
}

export async function seenAt(options: AskOptions): Promise<Seen | { readonly problem: Finding }> {
  try {
    const begun = Date.now()
    const health = await healthOf(options)
    const aheadMs = Date.parse(health.timestamp) - (begun + Date.now()) / 2
    const [status, members] = await Promise.all([
      ask(options, '/api/status', StatusSchema),
      ask(options, '/api/members', Type.Array(MemberSchema)),
    ])
    return { health, status, members, aheadMs }
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.code === 2) throw error
    return {
      problem: problem('hub', error.message, 'start it, or pass the --url or --config of the hub that is meant'),
    }
  }
}

/** It says how it is with 503 as well. */
async function healthOf(options: AskOptions): Promise<Health> {
  const url = baseUrl(options)
  let body: unknown
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(new URL('/health', url), { signal, redirect: 'manual' })
    refuseRedirect(response, url, '--url')
    body = await response.json()
  } catch (error) {
    if (error instanceof CommandFailed) throw error
    throw new CommandFailed(1, `no hub answers at ${url} (${reasonOf(error)})`)
  }
  if (Check(HealthSchema, body)) return body
  throw new CommandFailed(1, `${url} answers, but not as a hub does`)
}

export async function beliefs(seen: Seen, options: AskOptions, config: Config): Promise<Finding[]> {
  return [
    ...health(seen.health),
    clock(seen, config),
    view(seen.status),
    ...members(seen.members),
    ...parents(seen, config),
    ...(await asymmetries(seen, options)),
  ]
}

function health({ state, checks }: Health): Finding[] {
  const wrong = Object.entries(checks).filter(([, { status }]) => status !== 'pass')
  const found = wrong.map(([name, { details }]) => problem(`health: ${name}`, details, 'see docs/TROUBLESHOOTING.md'))
  if (state !== 'ready') found.push(problem('state', `the hub is ${state}`, 'wait, or look into its log'))
  return found.length > 0
    ? found
    : [{ what: 'health', status: 'ok', detail: `${Object.keys(checks).length} checks pass` }]
}

function clock({ aheadMs }: Seen, { catalog }: Config): Finding {
  const detail = `${Math.round(Math.abs(aheadMs))} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine`
  if (Math.abs(aheadMs) <= catalog.max_clock_drift) return { what: 'clock', status: 'ok', detail }
  return problem(
    'clock',
    detail,
    'set the clock right that is wrong, with NTP; hubs refuse what is stamped too far ahead',
  )
}

function view({ view }: Status): Finding {
  const what = 'view'
  if (view.digests_alive > 1) {
    const detail = `split: ${view.digests_alive} states of the catalog are held and stay`
    return problem(
      what,
      detail,
      'hubmesh diff names what differs; a hub whose check "sync" fails in /health is the one',
    )
  }
  const odd = Object.entries(view.regions).filter(([, { state }]) => state !== 'converged')
  if (view.state === 'converged') return { what, status: 'ok', detail: `converged since ${view.since}` }
  const detail = `${view.state} since ${view.since}${odd.length > 0 ? `: ${odd.map(([name]) => name).join(', ')}` : ''}`
  return problem(what, detail, 'hubs that are known are not there: see the members below, and hubmesh net-test to them')
}

function members(all: readonly Member[]): Finding[] {
  const found = all.flatMap((member): Finding[] => {
    const { hub_id, status, since, degraded_reasons, addresses } = member
    const what = `member ${hub_id}`
    if (status === 'dead' || status === 'suspect') {
      const todo = `hubmesh net-test ${addresses[0] ?? 'HOST:PORT'}; if it is gone for good: hubmesh forget ${hub_id}`
      return [problem(what, `${status} since ${since}`, todo)]
    }
    if (degraded_reasons.length === 0) return []
    return [problem(what, `degraded: ${degraded_reasons.join(', ')}`, 'look into its /health')]
  })
  const alive = all.filter(({ status }) => status === 'alive').length
  return [{ what: 'members', status: 'ok', detail: `${alive} of ${all.length} are alive` }, ...found]
}

function parents({ status, members }: Seen, { network, node }: Config): Finding[] {
  const isOwn = status.hub_id === node.id
  const lost = (isOwn ? network.parents : []).flatMap((parent): Finding[] => {
    const known = members.find(({ hub_id }) => hub_id === parent)
    if (known?.status === 'alive') return []
    const detail = known === undefined ? 'named in network.parents, and not known to anybody' : `it is ${known.status}`
    return [problem(`parent ${parent}`, detail, 'check the name, and that network.bootstrap leads into its federation')]
  })
  if (lost.length > 0) return lost
  const above = members.filter((one) => one.status === 'alive' && one.hub_id !== status.hub_id && one.tier !== 'local')
  if (status.tier === 'global' || above.length === 0 || status.links.parents.length > 0)
    return [{ what: 'parents', status: 'ok', detail: status.links.parents.join(', ') || 'none, and none is needed' }]
  const todo = `hubmesh net-test to ${above[0]?.addresses[0] ?? above[0]?.hub_id}; they may be full (network.max_child_hubs)`
  return [problem('parents', `none, although ${above.length} hubs could be`, todo)]
}

async function asymmetries({ members, status }: Seen, options: AskOptions): Promise<Finding[]> {
  const asked = members.filter((one) => one.status === 'alive' || one.status === 'suspect').slice(0, mostAsked)
  const whys = await Promise.all(asked.map((one) => ask(options, `/api/members/${one.hub_id}/why`, WhySchema)))
  const pairs = new Set(whys.flatMap(oneWay))
  if (pairs.size === 0)
    return [{ what: 'links', status: 'ok', detail: `${status.links.open} open, none works one way only` }]
  const todo = 'a firewall lets one direction through: open the port of network.listen both ways'
  return [...pairs].map((pair) => problem('links', `${pair} hears, and is not heard`, todo))
}

function oneWay({ hub_id, reachability }: Why): string[] {
  return reachability
    .filter(({ asymmetric }) => asymmetric)
    .map((one) => (one.reaches_it === 'direct' ? `${one.hub_id} → ${hub_id}` : `${hub_id} → ${one.hub_id}`))
}

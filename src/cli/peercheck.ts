// The doctor's way to the peers of a hub: for each the steps of net-test, from this machine.

import type { Config } from '../config/schema.ts'
import type { Member } from '../hub/shapes.ts'
import { type Finding, problem } from './finding.ts'
import type { Seen } from './hubcheck.ts'
import { stepsTo } from './nettest.ts'

/** Peers that are tried; the next time others may be, as those with the longest round trip come first. */
const mostTried = 20
const atOnce = 4

interface Trying {
  readonly config: Config
  readonly timeoutMs: number
}

export async function peers({ members, status }: Seen, trying: Trying): Promise<Finding[]> {
  const config = { ...trying.config, federation: { ...trying.config.federation, id: status.federation } }
  const reachable = members.filter((one) => one.status === 'alive' && one.addresses.length > 0)
  const tried = reachable.toSorted((a, b) => (b.rtt_ms ?? 0) - (a.rtt_ms ?? 0)).slice(0, mostTried)
  const found: Finding[] = []
  for (let at = 0; at < tried.length; at += atOnce) {
    found.push(...(await Promise.all(tried.slice(at, at + atOnce).map((one) => way(one, { ...trying, config })))))
  }
  const left = reachable.length - tried.length
  return left === 0
    ? found
    : [...found, { what: 'ways', status: 'unknown', detail: `${left} more hubs were not tried` }]
}

async function way({ hub_id, peer_id, addresses }: Member, trying: Trying): Promise<Finding> {
  const what = `way to ${hub_id}`
  const [address = ''] = addresses
  const named = address.startsWith('/') && !address.includes('/p2p/') ? `${address}/p2p/${peer_id}` : address
  const { all } = await stepsTo(named, trying)
  const failed = all.find(({ status }) => status === 'failed')
  if (failed !== undefined)
    return problem(what, `${failed.name}: ${failed.detail}`, failed.hint ?? `hubmesh net-test ${address}`)
  const detail = ['rtt', 'clock'].map((name) => all.find((step) => step.name === name)?.detail).join(', ')
  return { what, status: 'ok', detail }
}

// Rules that hold between settings. Each names the settings it reads: a rule about a value that is itself a mistake is
// left out, so that one mistake is told once.

import { formatDuration } from '../core/units.ts'
import { leastLinksFor } from '../hub/settings.ts'
import { isLoopback, parseAddress } from './addresses.ts'
import type { Mistake } from './mistake.ts'
import { type Rule, unless } from './rule.ts'
import type { Config } from './schema.ts'
import { hasCredentials } from './security.ts'
import { securityRules } from './securityrules.ts'
import { linkPlanOf } from './settings.ts'

const rules: readonly Rule[] = [
  {
    reads: ['membership.probe_timeout', 'membership.probe_interval'],
    check: ({ membership: { probe_timeout, probe_interval } }) =>
      unless(probe_timeout === undefined || probe_timeout <= probe_interval / 2, {
        message: `${formatDuration(probe_timeout ?? 0)} is more than half of membership.probe_interval (${formatDuration(probe_interval)})`,
        hint: 'others must have time to probe in the same interval: lower it, or leave it out',
      }),
  },
  {
    reads: ['presence.stale_threshold', 'presence.heartbeat_interval'],
    check: ({ presence: { stale_threshold, heartbeat_interval } }) =>
      unless(stale_threshold > heartbeat_interval, {
        message: `${formatDuration(stale_threshold)} is not longer than presence.heartbeat_interval (${formatDuration(heartbeat_interval)})`,
        hint: 'every project would go offline between two beats; three intervals are usual',
      }),
  },
  {
    reads: ['presence.stale_threshold', 'presence.refresh'],
    check: ({ presence: { stale_threshold, refresh } }) =>
      unless(stale_threshold > refresh, {
        message: `${formatDuration(stale_threshold)} is not longer than presence.refresh (${formatDuration(refresh)})`,
        hint: 'other hubs learn of unchanged leases by the refresh alone',
      }),
  },
  {
    reads: ['presence.refresh', 'presence.flush_interval'],
    check: ({ presence: { refresh, flush_interval } }) =>
      unless(refresh >= flush_interval, {
        message: `${formatDuration(refresh)} is shorter than presence.flush_interval (${formatDuration(flush_interval)})`,
        hint: 'a refresh travels in a flush',
      }),
  },
  {
    reads: ['catalog.removal_retention', 'membership.dead_retention'],
    check: ({ catalog: { removal_retention }, membership: { dead_retention } }) =>
      unless(removal_retention >= 10 * dead_retention, {
        message: `${formatDuration(removal_retention)} is less than 10 times membership.dead_retention (${formatDuration(dead_retention)})`,
        hint: `a hub that comes back must still hear of what was removed: at least ${formatDuration(10 * dead_retention)}`,
      }),
  },
  {
    reads: ['network.http_host', 'federation.open', 'security.api_keys', 'security.jwt.secret', 'security.jwt.jwks'],
    check: ({ network: { http_host }, federation, security }) =>
      unless(federation.open || isLoopback(http_host) || hasCredentials(security), {
        message: `${http_host} is not this machine alone, and no caller can prove who it is`,
        hint: 'set security.api_keys or security.jwt, or bind 127.0.0.1',
      }),
  },
  ...securityRules,
  ...(['listen', 'announce', 'bootstrap'] as const).map(addressRule),
  {
    reads: ['network.listen', 'federation.open'],
    check: ({ network: { listen }, federation }) => {
      const exposed = listen.find((address) => !isLoopback(parseAddress(address)?.host ?? 'localhost'))
      return unless(federation.open || exposed === undefined, {
        message: `${exposed} is not this machine alone, and this version knows no credentials of hubs`,
        hint: 'listen on 127.0.0.1, or set federation.open: true where everybody who can connect is trusted',
      })
    },
  },
  {
    reads: ['network.listen', 'network.http_port', 'network.http_host'],
    check: ({ network: { listen, http_port } }) =>
      unless(http_port === 0 || !listen.some((address) => parseAddress(address)?.port === http_port), {
        message: `port ${http_port} is network.http_port already`,
        hint: 'hubs and HTTP callers need a port each: 8081 and 8080 by default',
      }),
  },
  {
    reads: ['monitoring.metrics_port', 'network.http_port', 'network.listen'],
    check: ({ monitoring: { metrics_port: port }, network: { http_port, listen } }) => {
      const isTaken = port === http_port || listen.some((address) => parseAddress(address)?.port === port)
      return unless(port === undefined || port === 0 || !isTaken, {
        message: `${port} is the port of network.http_port or network.listen already`,
        hint: '9090 is usual; /metrics answers at network.http_port as well',
      })
    },
  },
  {
    reads: ['bridges.nats.creds_file', 'bridges.nats.user'],
    check: ({ bridges: { nats } }) =>
      unless(nats.creds_file === undefined || nats.user === undefined, {
        message: 'and bridges.nats.user are two ways to be somebody',
        hint: 'set one of them',
      }),
  },
  {
    reads: ['bridges.nats.password', 'bridges.nats.user'],
    check: ({ bridges: { nats } }) =>
      unless(nats.password === undefined || nats.user !== undefined, {
        message: 'is set without bridges.nats.user',
        hint: 'set both; a token stands in the url: nats://TOKEN@host:4222',
      }),
  },
  {
    reads: ['limits.links', 'node.hub_tier', 'network.max_regional_hubs', 'network.max_child_hubs'],
    check: (config) => {
      const least = leastLinksFor(linkPlanOf(config))
      const { node, limits } = config
      return unless(limits.links >= least, {
        message: `${limits.links} is too few for a ${node.hub_tier} hub with its parents, children and pools: ${least} are needed`,
        hint: 'raise it, or lower network.max_child_hubs (regional) or network.max_regional_hubs (global)',
      })
    },
  },
  {
    reads: ['network.parents', 'node.id'],
    check: ({ network: { parents }, node }) =>
      unless(!parents.includes(node.id), { message: `${node.id} is this hub itself`, hint: 'name other hubs' }),
  },
]

/** Mistakes between settings; rules that read a path in `faulty` are left out. */
export function lint(config: Config, faulty: ReadonlySet<string>): Mistake[] {
  return rules.flatMap(({ reads, check }) => {
    if (reads.some((path) => faulty.has(path))) return []
    const mistake = check(config)
    return mistake === undefined ? [] : [{ path: reads[0], ...mistake }]
  })
}

function addressRule(key: 'listen' | 'announce' | 'bootstrap'): Rule {
  return {
    reads: [`network.${key}`],
    check: ({ network }) => {
      const wrong = network[key].find((address) => parseAddress(address) === undefined)
      // A comma in a password has cut it in two.
      const shown = network[key].some((address) => address.includes('@')) ? 'what stands here' : `"${wrong}"`
      return unless(wrong === undefined, {
        message: `${shown} is no address`,
        hint: 'write host:port, [v6]:port or a multiaddr such as /ip4/10.0.0.7/tcp/8081',
      })
    },
  }
}

// What a route takes of who asks for it, by its method and pattern.

import type { Role } from '../../../core/roles.ts'

/** `open`: answered to everybody, because probes and Prometheus come from other machines and have no key. */
export type Need = Role | 'open'

/** Of a path that no route has. */
const openPaths = /^\/(health(\/.*)?|metrics)\/?$/
/** What addresses in `security.admin_trust` may call without a key: old scripts do. */
const trustedRoutes: ReadonlySet<string> = new Set(['/admin/drain', '/admin/undrain', '/admin/shutdown'])

export interface Asked {
  readonly method: string
  /** The pattern of the route that the router chose; never the path, which may be spelled in many ways. */
  readonly route: string | undefined
  /** Path and query as they came. */
  readonly url: string
}

export function needOf({ method, route, url }: Asked): Need {
  if (route === undefined) return openPaths.test(url.split('?')[0] ?? '') ? 'open' : 'viewer'
  if (isAdmin(route)) return 'admin'
  if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') return 'operator'
  return route === '/metrics' || route === '/health' || route.startsWith('/health/') ? 'open' : 'viewer'
}

export function isAdmin(route: string): boolean {
  return route === '/admin' || route.startsWith('/admin/')
}

/** Whether addresses in `security.admin_trust` may do it. Also to look how far a drain is takes no key. */
export function isForTrusted(route: string | undefined): boolean {
  return route !== undefined && trustedRoutes.has(route)
}

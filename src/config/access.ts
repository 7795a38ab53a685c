// What the HTTP API is told of who may ask and how answers travel.

import { parseAddress } from './addresses.ts'
import type { Config } from './schema.ts'

/** The HTTP API's part of it. */
export function accessOf({ security, network, limits }: Config) {
  const { api_keys, jwt, tls, admin_host } = security
  const hasTokens = jwt.secret !== undefined || jwt.jwks !== undefined
  const admin = admin_host === undefined ? undefined : parseAddress(admin_host)
  return {
    keys: api_keys,
    ...(hasTokens
      ? { jwt: { issuer: jwt.issuer, secret: jwt.secret, jwks: jwt.jwks, maxLifeMs: jwt.token_expiry } }
      : {}),
    roles: security.roles,
    adminTrust: security.admin_trust,
    trustedProxies: network.trusted_proxies,
    requestRate: limits.request_rate,
    ...(tls?.cert_file === undefined || tls.key_file === undefined
      ? {}
      : { tls: { cert: tls.cert_file, key: tls.key_file, ca: tls.ca_file } }),
    ...(admin === undefined ? {} : { admin }),
  }
}

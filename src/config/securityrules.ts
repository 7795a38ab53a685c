// Rules between the settings of access: each says what would otherwise be open without anybody having meant it.

import { withoutUserinfo } from '../core/userinfo.ts'
import { isLoopback, parseAddress } from './addresses.ts'
import { type Rule, unless } from './rule.ts'
import { hasCredentials, isRange, placeholder } from './security.ts'

export const securityRules: readonly Rule[] = [
  {
    reads: ['security.api_keys'],
    check: ({ security: { api_keys } }) => {
      const twice = (field: 'name' | 'hash') => new Set(api_keys.map((key) => key[field])).size < api_keys.length
      return unless(!twice('name') && !twice('hash'), {
        message: `two keys have the same ${twice('name') ? 'name' : 'hash'}`,
        hint: 'each key has a name and a hash of its own: the audit log names keys',
      })
    },
  },
  {
    reads: ['security.jwt.secret', 'security.jwt.jwks'],
    check: ({ security: { jwt } }) =>
      unless(jwt.secret === undefined || jwt.jwks === undefined, {
        message: 'is set, and so is security.jwt.jwks',
        hint: 'tokens are signed in one of the two ways: remove the other',
      }),
  },
  {
    reads: ['security.jwt.secret'],
    check: ({ security: { jwt } }) =>
      unless(jwt.secret === undefined || !placeholder.test(jwt.secret), {
        message: 'is the placeholder of an example',
        hint: 'make one: openssl rand -base64 48',
      }),
  },
  {
    reads: ['security.jwt.issuer', 'security.jwt.jwks'],
    check: ({ security: { jwt } }) =>
      unless(jwt.jwks === undefined || jwt.issuer !== undefined, {
        message: 'is not set, and tokens are signed with keys of security.jwt.jwks',
        hint: 'name the issuer (iss) whose tokens count: a key set may serve several',
      }),
  },
  {
    reads: ['security.jwt.jwks'],
    check: ({ security: { jwt } }) => {
      const url = URL.canParse(jwt.jwks ?? '') ? new URL(jwt.jwks ?? '') : undefined
      const isOne = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
      if (jwt.jwks !== undefined && !isOne) {
        return { message: 'is no URL of a key set', hint: 'write https://issuer/keys, without a user or password' }
      }
      return unless(url === undefined || url.protocol === 'https:' || isLoopback(url.hostname), {
        message: 'is fetched without TLS: whoever is on the way could sign tokens',
        hint: 'use https; http is taken on this machine alone',
      })
    },
  },
  {
    reads: ['security.tls.cert_file', 'security.tls.key_file', 'security.tls.ca_file'],
    check: ({ security: { tls } }) =>
      unless(tls === undefined || (tls.cert_file !== undefined && tls.key_file !== undefined), {
        message: 'TLS takes both security.tls.cert_file and security.tls.key_file',
        hint: 'set both, or none of security.tls',
      }),
  },
  {
    reads: ['security.admin_host', 'federation.open', 'network.http_port'],
    check: ({ security, federation, network }) => {
      if (security.admin_host === undefined) return undefined
      const address = parseAddress(security.admin_host)
      if (address === undefined || security.admin_host.startsWith('/')) {
        return {
          message: `"${withoutUserinfo(security.admin_host)}" is no address`,
          hint: 'write host:port, such as 127.0.0.1:8090',
        }
      }
      if (!isLoopback(address.host) && !federation.open && !hasCredentials(security)) {
        const hint = 'set security.api_keys or security.jwt, or bind 127.0.0.1'
        return { message: `${address.host} is not this machine alone, and no caller can prove who it is`, hint }
      }
      return unless(address.port === 0 || address.port !== network.http_port, {
        message: `port ${address.port} is network.http_port already`,
        hint: 'it is a listener of its own: choose another port',
      })
    },
  },
  rangesRule('security.admin_trust', ({ security }) => security.admin_trust),
  rangesRule('network.trusted_proxies', ({ network }) => network.trusted_proxies),
]

function rangesRule(path: string, read: (config: Parameters<Rule['check']>[0]) => readonly string[]): Rule {
  return {
    reads: [path],
    check: (config) => {
      const wrong = read(config).find((text) => !isRange(text))
      const hint = 'write an address or a range: 10.0.0.7, 10.0.0.0/8, fd00::/8'
      return unless(wrong === undefined, { message: `"${wrong}" is no range of addresses`, hint })
    },
  }
}

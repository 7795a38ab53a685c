// Peer addresses as operators write them, judged without opening anything.

import { isIP } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Host and TCP port of `host:port`, `[v6]:port` or a multiaddr; undefined when it is none of them. */
export function parseAddress(text: string): HostPort | undefined {
  // Peers take no users: user:password@host:port is no address.
  if (text.includes('@')) return undefined
  return text.startsWith('/') ? fromMultiaddr(text) : fromHostPort(text)
}

/** Whether only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.')
  return host === '::1' || host === 'localhost'
}

function fromHostPort(text: string): HostPort | undefined {
  const [, v6, host, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:/\s]+)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65_535 || (v6 !== undefined && isIP(v6) !== 6)) return undefined
  const name = v6 ?? host ?? ''
  // All digits and dots, but no address: a mistyped one, not a name.
  if (/^[\d.]+$/.test(name) && isIP(name) === 0) return undefined
  return { host: name, port }
}

function fromMultiaddr(text: string): HostPort | undefined {
  try {
    const parts = multiaddr(text).getComponents()
    const host = parts.find((part) => /^(ip[46]|dns[46]?|dnsaddr)$/.test(part.name))
    const tcp = parts.find((part) => part.name === 'tcp')
    // Hubs speak TCP alone; a dnsaddr stands for whole addresses, ports included.
    if (host?.value === undefined || (tcp === undefined && host.name !== 'dnsaddr')) return undefined
    return { host: host.value, port: Number(tcp?.value ?? 0) }
  } catch {
    return undefined
  }
}

// Trust in addresses. What an address proves is little: a proxy speaks for others, and a page in a browser sends what it likes
// to this machine. So whoever is trusted for its address alone must have come by itself, and not from a page.

import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { forwardingHeader } from '../local.ts'

export interface Seen {
  /** Who asks, by the proxies that are believed. */
  readonly ip: string | undefined
  /** Who is connected. */
  readonly socketIp: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Addresses and ranges of them, as `10.0.0.0/8` or `::1`. */
export class Ranges {
  readonly #list = new BlockList()

  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', length] = range.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (length === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(length), family)
    }
  }

  /** An IPv4 address counts as such also where a socket of IPv6 gives it (`::ffff:10.0.0.7`). */
  has(ip: string | undefined): boolean {
    const version = isIP(ip ?? '')
    // What a proxy forwards may be anything.
    return version !== 0 && this.#list.check(ip ?? '', version === 6 ? 'ipv6' : 'ipv4')
  }
}

/** Whether the address of who asks is one of these, beyond doubt. */
export function isTrusted(ranges: Ranges, { ip, socketIp, headers }: Seen): boolean {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return false
  // A proxy that is not believed, or that says not for whom it speaks.
  if (forwardingHeader(headers) !== undefined && ip === socketIp) return false
  return ranges.has(ip)
}

/** What addresses are counted by: those of IPv6 by their /64, which one caller has whole. */
export function blockOf(ip: string | undefined): string {
  if (ip === undefined || isIP(ip) === 0) return 'unknown'
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return ip
  const [head = '', tail] = ip.split('::')
  const before = head === '' ? [] : head.split(':')
  if (tail === undefined) return before.slice(0, 4).join(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}

// Without credentials the API trusts this machine alone. A loopback peer is not proof enough: a browser can be led to
// 127.0.0.1 by a foreign page (Origin) or a rebound name (Host), and a proxy on this machine speaks for others (Forwarded).

import type { IncomingHttpHeaders } from 'node:http'

export interface Caller {
  /** Remote address of the socket. */
  readonly ip: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Why the request does not count as local; undefined when it does. */
export function foreignness({ ip, headers }: Caller): string | undefined {
  if (ip === undefined || !isLoopbackIp(ip)) return `it comes from ${ip ?? 'nowhere'}`
  const forwarded = forwardingHeader(headers)
  if (forwarded !== undefined) return `it carries ${forwarded}: somebody else sent it through a proxy`
  const host = hostNameOf(`http://${headers.host ?? ''}`)
  if (host === undefined || !isLoopbackName(host)) return `its Host is ${headers.host ?? 'missing'}, not this machine`
  if (
    headers.origin !== undefined &&
    !/^https?:$/.test(headers.origin.toLowerCase().replace(`//${headers.host?.toLowerCase()}`, ''))
  ) {
    return `its Origin is ${headers.origin}: a page of another site sent it`
  }
  return undefined
}

/** The header by which a proxy tells that it speaks for somebody; undefined where there is none. */
export function forwardingHeader(headers: IncomingHttpHeaders): string | undefined {
  return Object.keys(headers).find((name) => /^(forwarded|x-forwarded-.*|x-real-ip|via|cf-connecting-ip)$/.test(name))
}

function isLoopbackIp(ip: string): boolean {
  return ip === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(ip)
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || isLoopbackIp(name)
}

function hostNameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

// Ports for processes that must find theirs free, and find it again after a restart.

import { createServer } from 'node:net'

/** Below those that systems give to outgoing connections (Linux: from 32768): a fleet of hubs would take each other's. */
const first = 10_000
const last = 32_000
/** Given before: whoever asked may not listen there yet. Of a fleet of forty hubs two were given one port now and then. */
const given = new Set<number>()

/** So many TCP ports that nobody uses now, `apart` of each other: the lowest of them. */
export async function freePorts(count: number, apart: number): Promise<number> {
  for (;;) {
    const base = first + Math.floor(Math.random() * (last - first - count * apart))
    const ports = Array.from({ length: count }, (_, i) => base + i * apart)
    if (ports.some((port) => given.has(port))) continue
    for (const port of ports) given.add(port)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base
  }
}

export function freePort(): Promise<number> {
  return freePorts(1, 1)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

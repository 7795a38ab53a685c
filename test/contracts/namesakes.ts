// What every network must do with two hubs that refuse each other for the same reason: each hears who the other is.

import { expect, it } from 'vitest'
import { dial, links, type NetworkWorld, openHub, realTimeBound, soon } from './hubs.ts'

export function namesakeContract(title: string, makeWorld: () => Promise<NetworkWorld>): void {
  const claim = `${title} lets a dialer that is refused for a reason of both hear the other's hello, and links neither`
  it(claim, { timeout: realTimeBound }, async () => {
    const world = await makeWorld()
    try {
      const heard: string[] = []
      const admits = (name: string) => ({
        admit: (_: unknown, hello: string) => {
          heard.push(`${name}: ${hello}`)
          return { ok: false, reason: 'the same name', isMutual: true } as const
        },
      })
      const [a, b] = [await openHub(world, 'a', admits('a')), await openHub(world, 'b', admits('b'))]
      dial(a, b)
      await world.until(() => a.failures.length > 0, soon)
      expect(heard.slice(0, 2)).toEqual(['b: hello from a', 'a: hello from b'])
      expect(a.failures[0]).toEqual({ peer: b.peer, reason: 'not-admitted' })
      await world.elapse(300)
      expect([links(a, b), links(b, a)]).toEqual([0, 0])
    } finally {
      await world.end()
    }
  })
}

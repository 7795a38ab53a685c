// Who is let in: the part of every `Network`'s contract that is about hellos and refusals.

import { expect } from 'vitest'
import { dial, links, type NetworkWorld, openHub, soon, utf8 } from './hubs.ts'

type Scene = (claim: string, play: (world: NetworkWorld) => Promise<void>) => void

export function admissionCases(scene: Scene): void {
  scene('gives no link to a peer that is not admitted, and tells the dialer', async (world) => {
    const a = await openHub(world, 'a')
    const b = await openHub(world, 'b', {
      admit: (_, hello) => ({ ok: false, reason: `no place for "${hello}"` }),
    })
    dial(a, b)
    await world.until(() => a.failures.length > 0, soon)
    expect(a.failures[0]).toEqual({ peer: b.peer, reason: 'not-admitted' })
    b.network.send(a.peer, 'control', utf8('nothing for you'))
    await world.elapse(300)
    expect([a.ups, b.ups, a.messages]).toEqual([[], [], []])
  })

  scene('lets a peer that is refused for a reason of both hear why, and links neither', async (world) => {
    const heard: string[] = []
    const a = await openHub(world, 'a', {
      admit: (_, hello) => {
        heard.push(hello)
        return { ok: true, hub: 'b' as never }
      },
    })
    const b = await openHub(world, 'b', { admit: () => ({ ok: false, reason: 'the same name', isMutual: true }) })
    dial(a, b)
    await world.until(() => heard.length > 0, soon)
    expect(heard[0]).toBe('hello from b')
    await world.elapse(300)
    expect(links(b, a)).toBe(0)
    expect(b.ups).toEqual([])
  })

  scene('gives no link to a peer that the dialer itself does not admit', async (world) => {
    const a = await openHub(world, 'a', { admit: () => ({ ok: false, reason: 'a stranger' }) })
    const b = await openHub(world, 'b')
    dial(a, b)
    await world.until(() => a.failures.length > 0, soon)
    expect(a.failures[0]?.reason).toBe('not-admitted')
    await world.elapse(300)
    expect(links(a, b) + links(b, a)).toBe(0)
  })
}

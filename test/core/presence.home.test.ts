// Which of two hubs is a project's home, as an observer sees it: in any order of arrival, and after one has died.

import { describe, expect, it } from 'vitest'
import type { Lease } from '../../src/core/presence/lease.ts'
import { Presence } from '../../src/core/presence/presence.ts'
import type { HomeStatus } from '../../src/core/presence/protocol.ts'
import { Random } from '../../src/core/random.ts'
import { at, hubId, peerOf, slug, wallStart } from './kit.ts'

const project = slug('alpha')

function observer() {
  const presence = new Presence(
    {
      self: hubId('me'),
      incarnation: wallStart,
      random: new Random(1),
      heartbeatIntervalMs: 30_000,
      staleThresholdMs: 90_000,
      flushIntervalMs: 1_000,
      refreshMs: 30_000,
      maxLeases: 10,
    },
    at(0),
  )
  const home = (name: string, status: HomeStatus, ms = 0) =>
    presence.step({ type: 'home', hub: hubId(name), peer: peerOf(name), status }, at(ms))
  const tell = (name: string, claim: number, change: Partial<Lease> & { ms?: number } = {}) => {
    const { ms = 0, ...rest } = change
    const report = { isDegraded: false, reasons: [] }
    const told: Lease = {
      slug: project,
      claim: [claim, hubId(name)],
      rev: 1,
      state: 'fresh',
      beatAt: 1,
      report,
      ...rest,
    }
    const body = { home: hubId(name), rev: told.rev, leases: [told] }
    return presence.step({ type: 'message', from: peerOf(name), message: { kind: 'presence.leases', body } }, at(ms))
  }
  const seen = (): string | undefined => presence.held(project)?.lease.claim[1]
  return { presence, home, tell, seen }
}

describe('the home of a project', () => {
  it('is the hub with the higher claim, whoever is heard first', () => {
    for (const order of [
      ['x', 'y'],
      ['y', 'x'],
    ]) {
      const { home, tell, seen } = observer()
      for (const name of order) home(name, 'alive')
      for (const name of order) tell(name, name === 'x' ? 10 : 5)
      expect(seen()).toBe('x')
    }
  })

  it('is no longer a dead hub, however high its claim, once a living one stands up', () => {
    const { home, tell, seen } = observer()
    home('x', 'alive')
    home('y', 'alive')
    tell('x', 10)
    home('x', 'dead')
    tell('y', 5)
    expect(seen()).toBe('y')
    tell('x', 10)
    expect(seen()).toBe('y')
    home('x', 'alive')
    tell('x', 10, { rev: 2 })
    expect(seen()).toBe('x')
  })

  it('is no longer a hub whose lease has lapsed, or that has fallen silent, once another is beaten to', () => {
    const lapsed = observer()
    lapsed.tell('x', 10, { state: 'lapsed' })
    lapsed.tell('y', 5)
    expect(lapsed.seen()).toBe('y')
    const silent = observer()
    silent.tell('x', 10)
    silent.tell('y', 5, { ms: 90_000 })
    expect(silent.seen()).toBe('x')
    silent.tell('y', 5, { ms: 90_001, rev: 2 })
    expect(silent.seen()).toBe('y')
  })

  it('says itself when a lease is gone, and only its own', () => {
    const { tell, seen } = observer()
    tell('y', 5)
    tell('x', 3, { state: 'gone' })
    expect(seen()).toBe('y')
    tell('y', 5, { state: 'gone', rev: 2 })
    expect(seen()).toBeUndefined()
  })
})

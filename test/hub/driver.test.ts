// The driver between a hub and its ports: in which order it starts, one input at a time, and what it does when it stops.

import { describe, expect, it } from 'vitest'
import type { Address } from '../../src/core/ids.ts'
import type { Status } from '../../src/core/membership/member.ts'
import { never } from '../../src/core/time.ts'
import { seal } from '../../src/core/wire.ts'
import type { Answer } from '../../src/hub/calls.ts'
import { isoOf } from '../../src/hub/iso.ts'
import { at, hubId, infoOf, jsonCodec, peerOf, rumor, signed, wallStart } from '../core/kit.ts'
import { World } from './driver.bench.ts'
import { alpha } from './kit.ts'

describe('starting', () => {
  it('reads the store, makes the incarnation durable, opens the network, and only then begins', () => {
    const world = new World()
    world.start()
    expect(world.log).toEqual(['load'])
    world.loaded()
    expect(world.log).toEqual(['load', 'persist hub/incarnation hub/lived'])
    expect(world.persists[0]?.synced).toBe(true)
    world.persists[0]?.answer(true)
    expect([world.log.at(-1), world.started]).toEqual(['open', []])
    expect(() => world.driver.hub).toThrow('before it has started')
    world.opened()
    expect(world.started).toEqual([{ ok: true }])
    expect(world.driver.hub.incarnation).toBe(wallStart)
    expect(world.driver.hub.info.addresses).toEqual(infoOf('me').addresses)
  })

  it('takes an incarnation above the one that is stored', () => {
    const world = new World()
    world.disk.set('hub/incarnation', jsonCodec.encode(wallStart + 5_000))
    world.start()
    world.loaded()
    world.persists[0]?.answer(true)
    world.opened()
    expect(world.driver.hub.incarnation).toBe(wallStart + 5_001)
  })

  it('fails with the store’s, the disk’s or the network’s reason, and opens nothing after a failure', () => {
    const unread = new World()
    unread.start()
    unread.loadFailed('unreadable')
    expect([unread.started, unread.log]).toEqual([[{ ok: false, reason: 'unreadable' }], ['load']])

    const full = new World()
    full.start()
    full.loaded()
    full.persists[0]?.answer(false)
    expect(full.started).toEqual([{ ok: false, reason: expect.stringContaining('the disk did not take') }])
    expect(full.log).not.toContain('open')

    const taken = new World()
    taken.start()
    taken.loaded()
    taken.persists[0]?.answer(true)
    taken.openFailed('the port is taken')
    expect(taken.started).toEqual([{ ok: false, reason: 'the port is taken' }])
  })

  it('refuses calls until it is done, and admits nobody', () => {
    const world = new World()
    expect(world.register()).toMatchObject([{ ok: false, code: 'starting' }])
    world.start()
    world.loaded()
    world.persists[0]?.answer(true)
    expect(world.register()).toMatchObject([{ ok: false, code: 'starting' }])
    expect(world.events.admit(peerOf('a'), world.hello('a'))).toEqual({ ok: false, reason: 'not-running' })
  })

  it('does not begin when it was stopped meanwhile', () => {
    const world = new World()
    world.start()
    world.loaded()
    world.persists[0]?.answer(true)
    world.driver.stop(() => undefined)
    world.closed()
    world.opened()
    expect(world.started).toEqual([])
    expect(() => world.driver.hub).toThrow()
  })
})

describe('running', () => {
  it('answers a write when the disk has taken it, not before', () => {
    const world = World.running()
    world.flush()
    const before = world.persists.length
    const answers = world.register()
    expect(answers).toEqual([])
    expect(world.persists.slice(before)).toMatchObject([{ synced: true }])
    world.persists.at(-1)?.answer(true)
    expect(answers).toEqual([{ ok: true, type: 'registered', created: true }])
    expect(world.changes).toContainEqual(expect.objectContaining({ type: 'entry' }))
  })

  it('tells the caller when the disk refuses', () => {
    const world = World.running()
    world.flush()
    const answers = world.register()
    world.persists.at(-1)?.answer(false)
    expect(answers).toMatchObject([{ ok: false, code: 'storage-failed' }])
  })

  it('answers each caller once, with its own answer', () => {
    const world = World.running()
    world.flush()
    const removed: Answer[] = []
    world.driver.call({ type: 'remove', slug: alpha }, (answer) => removed.push(answer))
    const registered = world.register()
    world.flush()
    expect(removed).toMatchObject([{ ok: false, code: 'unknown-project' }])
    expect(registered).toMatchObject([{ ok: true, created: true }])
    world.driver.halt()
    expect([removed.length, registered.length]).toEqual([1, 1])
  })

  it('finishes one input before the next, although an effect calls back at once', () => {
    const order: string[] = []
    const world = World.running()
    world.flush()
    world.driver.call({ type: 'beat', slug: alpha, beat: {} }, () => {
      world.driver.call({ type: 'beat', slug: alpha, beat: {} }, () => order.push('inner'))
      order.push('outer')
    })
    expect(order).toEqual(['outer', 'inner'])
  })

  it('wakes at the hub’s earliest deadline, and arms the next one then', () => {
    const world = World.running()
    const first = world.armed
    expect(first.at).toBe(world.driver.hub.deadline())
    world.now = first.at
    first.wake()
    expect(world.armed.at).toBeGreaterThan(first.at)
    expect(world.armed.at).toBe(world.driver.hub.deadline())
  })

  it('sends what belongs to the catalog in bulk, and everything else beside it', () => {
    const world = World.running()
    world.link('a')
    const channels = world.sent.map(({ kind, channel }) => [kind, channel])
    expect(channels).toContainEqual(['catalog.digest', 'bulk'])
    expect(channels).toContainEqual(['swim.digest', 'control'])
    expect(world.sent.every(({ to }) => to === peerOf('a'))).toBe(true)
  })

  it('says a hello that tells how long it has been up, and admits the hellos of its own federation', () => {
    const world = World.running()
    world.now = 40
    expect(jsonCodec.decode(world.events.hello())).toMatchObject({
      kind: 'hub.hello',
      body: { info: { hub: 'me' }, uptimeMs: 40 },
    })
    expect(world.events.admit(peerOf('a'), world.hello('a'))).toEqual({ ok: true, hub: 'a' })
    expect(world.events.admit(peerOf('thief'), world.hello('a'))).toEqual({ ok: false, reason: 'foreign-key' })
  })

  it('makes no link of a hello that it would not admit', () => {
    const world = World.running()
    world.events.linkUp(peerOf('thief'), world.hello('a'), infoOf('a').addresses[0] ?? ('/' as Address))
    expect(world.driver.hub.links.size).toBe(0)
    world.link('a')
    expect([...world.driver.hub.links.keys()]).toEqual([peerOf('a')])
    world.events.linkDown(peerOf('a'), 'silent')
    expect(world.changes).toContainEqual({
      type: 'link',
      peer: peerOf('a'),
      hub: 'a',
      isUp: false,
      reason: 'silent',
    })
  })

  it('takes what is published as its author’s word, and counts what it cannot read', () => {
    const world = World.running()
    world.link('a')
    const report = jsonCodec.encode(seal('tier.report', { reporter: 'far', words: [wordOf('far')] }))
    world.events.gossip('members', peerOf('far'), report)
    expect(world.driver.hub.hierarchy.foreign().get(hubId('far'))?.status).toBe('alive')
    const stolen = jsonCodec.encode(seal('tier.report', { reporter: 'far', words: [] }))
    world.events.gossip('members', peerOf('a'), stolen)
    world.events.message(peerOf('a'), new Uint8Array([255]))
    world.events.garbage('oversized')
    world.events.dialFailed(peerOf('b'), 'timeout')
    expect(world.changes.slice(-4)).toEqual([
      { type: 'dropped', reason: 'foreign-voice' },
      { type: 'dropped', reason: 'malformed' },
      { type: 'dropped', reason: 'oversized' },
      { type: 'dial-failed', peer: peerOf('b'), reason: 'timeout' },
    ])
  })

  it('dials, aborts and lets go of peers as the hub wants, and dates the loss of the last one', () => {
    const world = World.running()
    const gossip = (status: Status): void => {
      const rumors = [rumor({ info: infoOf('a'), incarnation: wallStart, status })]
      world.events.message(peerOf('b'), jsonCodec.encode(seal('swim.gossip', { pool: 'region/north', rumors })))
    }
    gossip('alive')
    expect(world.log).toContain(`connect ${peerOf('a')}`)
    world.now = 700
    gossip('dead')
    expect(world.driver.views.status(at(900)).view.since).toBe(isoOf(wallStart + 700))
    expect(world.log).toContain(`abort ${peerOf('a')}`)
    gossip('left')
    expect(world.log).toContain(`disconnect ${peerOf('a')}`)
  })

  it('dates the state of its view by the last change of membership', () => {
    const world = World.running()
    const since = (): string => world.driver.views.status(at(world.now)).view.since
    expect(since()).toBe(isoOf(wallStart))
    world.now = 5_000
    const far = (status: string): void => {
      const words = [{ ...wordOf('far'), status }]
      world.events.message(peerOf('far'), jsonCodec.encode(seal('tier.report', { reporter: 'far', words })))
    }
    far('alive')
    expect(since()).toBe(isoOf(wallStart))
    world.now = 9_000
    far('dead')
    world.now = 12_000
    expect(world.driver.views.status(at(world.now)).view.state).toBe('partitioned')
    expect(since()).toBe(isoOf(wallStart + 9_000))
  })
})

describe('stopping', () => {
  it('says goodbye, closes the network, then answers who still waits, and is done', () => {
    const world = World.running()
    world.flush()
    const waiting = world.register()
    let isDone = false
    world.driver.stop(() => {
      isDone = true
    })
    expect(world.log.slice(-2)).toEqual(['publish members tier.report', 'close'])
    expect([waiting, isDone]).toEqual([[], false])
    world.closed()
    expect([waiting, isDone]).toEqual([[expect.objectContaining({ ok: false, code: 'leaving' })], true])
    expect(world.armed.at).toBe(never)
  })

  it('takes calls no more, while it leaves and after it has stopped', () => {
    const world = World.running()
    world.driver.leave()
    expect(world.register()).toMatchObject([{ ok: false, code: 'leaving' }])
    world.driver.halt()
    expect(world.register()).toMatchObject([{ ok: false, code: 'leaving', detail: expect.stringContaining('stopped') }])
  })

  it('hears, admits and does nothing more afterwards', () => {
    const world = World.running()
    const { wake } = world.armed
    world.now = world.armed.at
    world.driver.halt()
    const before = [world.log.length, world.sent.length, world.changes.length]
    wake()
    world.link('a')
    expect(world.driver.hub.links.size).toBe(0)
    expect(world.events.admit(peerOf('a'), world.hello('a'))).toEqual({ ok: false, reason: 'not-running' })
    expect([world.log.length, world.sent.length, world.changes.length]).toEqual(before)
    expect(world.armed.at).toBe(never)
  })

  it('arms no timer when an answer stops it, and answers who waits once, however often it is stopped', () => {
    const world = World.running()
    world.flush()
    const waiting = world.register()
    world.driver.call({ type: 'beat', slug: alpha, beat: {} }, () => world.driver.halt())
    expect(world.armed.at).toBe(never)
    world.driver.halt()
    expect(waiting).toMatchObject([{ ok: false, code: 'leaving' }])
  })

  it('closes the network of a hub that never began', () => {
    const world = new World()
    let isDone = false
    world.driver.stop(() => {
      isDone = true
    })
    expect(world.log).toEqual(['close'])
    world.closed()
    expect(isDone).toBe(true)
  })
})

function wordOf(name: string) {
  return signed({ info: infoOf(name, { region: 'south', tier: 'regional' }), incarnation: wallStart, status: 'alive' })
}

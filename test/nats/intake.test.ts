// What waits between NATS and a hub is bounded, whatever the hub does.

import { expect, it, vi } from 'vitest'
import { readBeat } from '../../src/adapters/nats/beats.ts'
import { Intake } from '../../src/adapters/nats/intake.ts'
import { shownServers } from '../../src/adapters/nats/servers.ts'
import { refuse } from '../../src/core/errors.ts'
import type { Slug } from '../../src/core/ids.ts'
import type { Answer, Call } from '../../src/hub/calls.ts'

/** A hub whose disk is slow: it answers when it is told to. */
class SlowHub {
  readonly waiting: ((answer: Answer) => void)[] = []
  call(_: Call, done: (answer: Answer) => void): void {
    this.waiting.push(done)
  }
  answerAll(): void {
    for (const done of this.waiting.splice(0)) done(refuse('starting', 'not yet'))
  }
}

it('keeps 4,096 beats that a hub does not take, lets 512 wait for its answer, and drops the rest', async () => {
  const hub = new SlowHub()
  const answered = vi.fn()
  const intake = new Intake({ hub, answered })
  const beat = { slug: 'atlas' as Slug, beat: {} }
  const kept = Array.from({ length: 10_000 }, () => intake.add(beat)).filter(Boolean).length
  expect(kept).toBe(4_096)
  await vi.waitFor(() => expect(hub.waiting).toHaveLength(512))
  expect(Array.from({ length: 1_000 }, () => intake.add(beat)).filter(Boolean)).toHaveLength(512)
  await vi.waitFor(() => {
    hub.answerAll()
    expect(answered).toHaveBeenCalledTimes(4_096 + 512)
  })
})

it('hands over all that waits when it is told to', () => {
  const hub = new SlowHub()
  const intake = new Intake({ hub, answered: () => undefined })
  for (let i = 0; i < 1_000; i++) intake.add({ slug: 'atlas' as Slug, beat: {} })
  intake.flush()
  expect(hub.waiting).toHaveLength(1_000)
})

it('takes of a beat what the hub knows, and the slug from the subject', () => {
  const said = {
    project_slug: 'Atlas',
    hub_url: 'http://a:1',
    status: 'ONLINE',
    timestamp: 'now',
    version: null,
    more: 1,
  }
  const read = readBeat('hub.presence.ATLAS', new TextEncoder().encode(JSON.stringify(said)))
  expect(read).toEqual({ ok: true, slug: 'atlas', beat: { hub_url: 'http://a:1', timestamp: 'now' } })
})

it.each([
  ['nats://user:SECRET@a:4222,tls://b', 'nats://a:4222,tls://b'],
  ['nats://user:SECRET@a:4222,tls://SECRET@b', 'nats://b'],
  ['nats://user:SEC,RET@a:4222', 'nats://a:4222'],
  ['nats://user:SEC/RET@a:4222', 'nats://a:4222'],
  ['user:SEC RET@RET@a:4222', 'a:4222'],
  ['a:4222', 'a:4222'],
])('shows %s as %s', (url, shown) => {
  expect(shownServers(url)).toBe(shown)
})

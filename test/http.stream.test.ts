// What a stream of events does when its client reads slowly or not at all, and how streams share the event loop.

import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { EventStream } from '../src/adapters/http/stream.ts'
import { Turns } from '../src/adapters/http/turns.ts'
import type { WatchEvent } from '../src/hub/calls.ts'

describe('turns', () => {
  it('end after a while, and what is left has the next ones', async () => {
    const turns = new Turns()
    const done: number[] = []
    const slowly = (job: number) => () => {
      const until = performance.now() + 6
      while (performance.now() < until);
      done.push(job)
    }
    for (let job = 0; job < 6; job++) turns.take(slowly(job))
    await turn()
    expect(done.length).toBeLessThan(4)
    await vi.waitFor(() => expect(done).toEqual([0, 1, 2, 3, 4, 5]))
  })
})

describe('a stream', () => {
  /** So many events, and a stream of them. */
  function streamOf(count: number, cursor = (left: number) => `1~a~0000000~${left}`) {
    let left = count
    let wake = (): void => undefined
    const next = (): WatchEvent | undefined => {
      if (left === 0) return undefined
      left--
      const data = { op: 'remove', slug: 'x'.repeat(1_000), revision: null, value: null } as const
      return { event: 'project', data, cursor: cursor(left) }
    }
    const open = (wakeUp: () => void) => {
      wake = wakeUp
      return { next, close: () => undefined }
    }
    const stream = new EventStream({ open, onSent: () => undefined, later: setImmediate })
    const add = (more: number): void => {
      left += more
      wake()
    }
    return { stream, left: () => left, add }
  }

  it('takes no more than a few chunks for a client that does not read, however much happens', async () => {
    const { stream, left, add } = streamOf(10_000)
    stream.readable.read(0)
    for (let i = 0; i < 50; i++) await turn()
    add(10_000)
    for (let i = 0; i < 50; i++) await turn()
    expect(left()).toBeGreaterThan(19_900)
    expect(stream.readable.readableLength).toBeLessThan(64 * 1024)
    stream.end()
    expect(stream.readable.destroyed).toBe(true)
  })

  it('says something from time to time where nothing happens, and nothing more while much waits', async () => {
    const quiet = streamOf(0)
    quiet.stream.readable.read(0)
    await turn()
    quiet.stream.keepAlive()
    expect(String(quiet.stream.readable.read())).toBe('retry: 1000\n\n: keep-alive\n\n')
    const busy = streamOf(10_000)
    busy.stream.readable.read(0)
    for (let i = 0; i < 10; i++) await turn()
    busy.stream.keepAlive()
    expect(String(busy.stream.readable.read())).not.toContain('keep-alive')
    for (const { stream } of [quiet, busy]) stream.readable.destroy()
  })

  it('is cut where a client has taken nothing for a minute', async () => {
    const { stream } = streamOf(10_000)
    stream.readable.read(0)
    for (let i = 0; i < 10; i++) await turn()
    for (let beat = 0; beat < 4; beat++) stream.keepAlive()
    expect(stream.readable.destroyed).toBe(false)
    stream.keepAlive()
    expect(stream.readable.destroyed).toBe(true)
  })

  it('that ends while something waits is sent no more', async () => {
    const { stream, add } = streamOf(0)
    stream.readable.read(0)
    await turn()
    add(1)
    stream.end()
    await turn()
    expect((await stream.readable.toArray()).join('')).toBe('retry: 1000\n\n')
  })

  it('repeats a long cursor only where it has moved', async () => {
    const long = (left: number): string => `1~${'a'.repeat(60)}~0000000~1`.repeat(5) + Math.floor(left / 2)
    const { stream } = streamOf(4, long)
    stream.readable.read(0)
    for (let i = 0; i < 10; i++) await turn()
    const text = String(stream.readable.read())
    expect(text.match(/^event: /gm)).toHaveLength(4)
    expect(text.match(/^id: /gm)).toHaveLength(2)
  })
})

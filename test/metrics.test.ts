// What Prometheus is told that is computed here: how well heartbeats are batched.

import { describe, expect, it } from 'vitest'
import { Metrics } from '../src/adapters/metrics/metrics.ts'
import { Window } from '../src/adapters/metrics/window.ts'
import type { Region } from '../src/core/ids.ts'
import { hubId, slug } from './core/kit.ts'

describe('a window of five minutes', () => {
  it('holds what came within it, and forgets the rest by and by', () => {
    const window = new Window()
    window.add(3, 1_000_000)
    window.add(4, 1_150_000)
    expect(window.sum(1_150_000)).toBe(7)
    expect(window.sum(1_300_000)).toBe(4)
    expect(window.sum(1_460_000)).toBe(0)
    window.add(1, 9_000_000)
    expect(window.sum(9_000_000)).toBe(1)
  })
})

describe('federation_batch_effectiveness', () => {
  async function told(messages: number, beats: readonly ('home' | 'forwarded')[]): Promise<number> {
    const network = () => ({ links: 0, dialling: 0, garbage: {}, refusals: {}, gossip: {}, dropped: {} })
    const metrics = new Metrics({ hub: hubId('me'), region: 'north' as Region, running: () => undefined, network })
    for (const as of beats) metrics.count({ type: 'beaten', slug: slug('p'), as })
    for (let i = 0; i < messages; i++) metrics.count({ type: 'told', leases: 1, isRefresh: true })
    const [, figure] = /^federation_batch_effectiveness (.*)$/m.exec(await metrics.text()) ?? []
    return Number(figure)
  }

  it('is the share of heartbeats that needed no message; those passed on need one each', async () => {
    const beats = Array.from({ length: 10 }, () => 'home' as const)
    expect(await told(0, [])).toBe(1)
    expect(await told(1, beats)).toBeCloseTo(0.9)
    expect(await told(20, beats)).toBe(0)
    expect(await told(0, [...beats.slice(5), 'forwarded'])).toBeCloseTo(5 / 6)
  })
})

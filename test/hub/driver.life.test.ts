// How a driver knows for how long its hub was away, and what it starts with then (C14).

import { describe, expect, it } from 'vitest'
import { jsonCodec, wallStart } from '../core/kit.ts'
import { World } from './driver.bench.ts'
import { settingsFor } from './kit.ts'

describe('a driver', () => {
  it('puts the slices of others in reserve where it was away for longer than removals are kept (C14)', () => {
    const retentionMs = settingsFor('me').catalog.removalRetentionMs
    const stored = [
      'hub/lived',
      'record/b/project/p',
      'record/me/project/q',
      'slice/b',
      'slice/me',
      'surplus/c/project/p',
    ]
    const firstOf = (awayMs: number): readonly string[] => {
      const world = new World()
      const wall = wallStart - awayMs
      const values: Record<string, object> = {
        'hub/lived': { wall, sure: wall },
        'slice/b': { epoch: [1, 'bb'], seq: 1, size: 0 },
      }
      for (const key of stored) world.disk.set(key, jsonCodec.encode(values[key] ?? {}))
      world.start()
      world.loaded()
      expect(world.persists[0]?.synced).toBe(true)
      return world.persists[0]?.keys ?? []
    }
    expect(firstOf(0.9 * retentionMs)).toEqual(['hub/incarnation', 'hub/lived'])
    expect(firstOf(0.9 * retentionMs + 1)).toEqual([
      'hub/incarnation',
      'record/b/project/p',
      'slice/b',
      'surplus/c/project/p',
      'reserve/slice/b',
    ])
  })

  it('notes every hour that it lives, and once more at its end', () => {
    const world = World.running()
    const notes = (): number => world.persists.filter(({ keys }) => keys.includes('hub/lived')).length
    expect(notes()).toBe(1)
    world.now = 3_599_999
    world.armed.wake()
    expect(notes()).toBe(1)
    world.now = 3_600_000
    world.armed.wake()
    world.armed.wake()
    expect(notes()).toBe(2)
    world.driver.stop(() => undefined)
    world.closed()
    expect([notes(), world.persists.at(-1)?.keys]).toEqual([3, ['hub/lived']])
  })
})

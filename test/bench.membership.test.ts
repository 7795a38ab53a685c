// The bench's world does what the calibration says of it: the same seed gives the same run, slow members are late and
// are the only ones, and the grid is the tenth that it claims to be.

import { describe, expect, it } from 'vitest'
import { runAnomaly } from '../bench/membership/anomaly.ts'
import { swimOptions } from '../bench/membership/configurations.ts'
import { Cycle } from '../bench/membership/cycle.ts'
import { grid, normalMs, slowMembers, slowMs } from '../bench/membership/grid.ts'
import { falseDetection, sampleRounds } from '../bench/membership/loss.ts'
import { Pool, type Sending, wallStart } from '../bench/membership/pool.ts'
import { mean, median, upperShare } from '../bench/membership/statistics.ts'
import { Swim } from '../src/core/membership/swim.ts'
import { Random } from '../src/core/random.ts'

/** Five members, the first of them slow from the second second on: 700 ms blocked, 300 ms well. */
function smallPool(sent: (sending: Sending) => void): Pool {
  const random = new Random(1)
  const pool = new Pool({ random, latencyMs: [1, 1], readMs: 50, sent })
  for (let index = 0; index < 5; index++) {
    pool.add(new Swim(swimOptions(index, new Random(random.seed()), 'SWIM'), { mono: 0, wall: wallStart }))
  }
  pool.introduce()
  return pool
}

const cycle = new Cycle({ slowMs: 700, normalMs: 300, startsAt: 2_000, lengthMs: 10_000 })

describe('a cycle', () => {
  it('blocks first, lets breathe, and ends with a whole turn', () => {
    expect([1_999, 2_000, 2_699, 2_700, 2_999, 3_000].map((time) => cycle.freeAt(time))).toEqual([
      1_999, 2_700, 2_700, 2_700, 2_999, 3_700,
    ])
    expect(cycle.endsAt).toBe(12_000)
    expect(new Cycle({ slowMs: 700, normalMs: 301, startsAt: 0, lengthMs: 10_000 }).endsAt).toBe(10 * 1_001)
  })
})

describe('a slow member', () => {
  it('sends nothing while it is blocked, and all it had to send at the end of the block', () => {
    const times: number[] = []
    const pool = smallPool(({ from, time }) => {
      if (from === 0 && time >= cycle.startsAt) times.push(time)
    })
    pool.slow(0, cycle)
    pool.run(cycle.endsAt - 1)
    expect(times.filter((time) => (time - 2_000) % 1_000 < 700)).toEqual([])
    expect(times.filter((time) => (time - 2_000) % 1_000 === 700).length).toBeGreaterThan(5)
  })

  it('reads its backlog one by one, each at the price of a message', () => {
    const acks: number[] = []
    const pool = smallPool(({ from, message, time }) => {
      if (from === 0 && message.kind === 'swim.ack' && time >= cycle.startsAt) acks.push(time)
    })
    pool.slow(0, new Cycle({ slowMs: 5_000, normalMs: 5_000, startsAt: 2_000, lengthMs: 10_000 }))
    pool.run(7_000 + 400)
    const gaps = acks.slice(1).map((time, index) => time - (acks[index] ?? 0))
    expect(acks[0]).toBeGreaterThanOrEqual(7_000)
    expect(acks.length).toBeGreaterThan(2)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(50)
  })

  it('suspects who is well, because it was blocked in its own probe', () => {
    const { falsePositives, atHealthy } = runSmallest('SWIM')
    expect(falsePositives).toBeGreaterThan(0)
    expect(atHealthy).toBeLessThanOrEqual(falsePositives)
    // A long suspicion gives the member under suspicion time to be read.
    expect(runSmallest('LHA-Suspicion').falsePositives).toBeLessThan(falsePositives)
  })
})

function runSmallest(configuration: 'SWIM' | 'LHA-Suspicion', seed = 1) {
  return runAnomaly({ slowMembers: 2, slowMs: 16_384, normalMs: 1, seed, members: 16 }, configuration)
}

describe('a run', () => {
  it('is the same for the same seed and another for another', () => {
    const one = runSmallest('LHA-Suspicion')
    expect(runSmallest('LHA-Suspicion')).toEqual(one)
    expect(runSmallest('LHA-Suspicion', 2)).not.toEqual(one)
  })
})

describe('the grid', () => {
  it('is a tenth of the combinations: each D with each I once, and every C', () => {
    const cells = grid(false)
    const share = cells.length / (slowMembers.length * slowMs.length * normalMs.length)
    expect(share).toBeGreaterThan(0.09)
    expect(share).toBeLessThan(0.12)
    expect(new Set(cells.map((cell) => `${cell.slowMs} ${cell.normalMs}`)).size).toBe(48)
    expect(new Set(cells.map((cell) => cell.slowMembers))).toEqual(new Set(slowMembers))
    for (const d of slowMs) {
      expect(new Set(cells.filter((cell) => cell.slowMs === d).map((cell) => cell.slowMembers)).size).toBe(8)
    }
  })
})

describe('the estimate of false detections', () => {
  it('gives the published figures by formula, and by rounds what the formula gives', () => {
    expect(falseDetection({ delivery: 0.99, helpers: 3 })).toBeCloseTo(1.93e-6, 8)
    expect(falseDetection({ delivery: 0.9, helpers: 1 })).toBeCloseTo(0.103, 3)
    const point = { delivery: 0.95, helpers: 1 }
    const found = (mean(sampleRounds(point, 4_000, 3)) * Math.E) / (Math.E - 1)
    expect(found / falseDetection(point)).toBeGreaterThan(0.85)
    expect(found / falseDetection(point)).toBeLessThan(1.15)
  })
})

describe('the statistics', () => {
  it('take the middle of a sample, and bound a share from above', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(upperShare([1, 1, 1], [2, 2, 2], new Random(1))).toBe(0.5)
    expect(upperShare([0, 0], [20, 10], new Random(1))).toBe(0.1)
    expect(upperShare([0, 4, 0, 0], [5, 5, 5, 5], new Random(1))).toBeGreaterThan(0.3)
  })
})

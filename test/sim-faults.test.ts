// The simulator's faults and judges, one by one: what a line loses, what a stall costs, where a machine is, and when a word
// of death is false.

import { describe, expect, it } from 'vitest'
import { Detection } from '../simulations/engine/detection.ts'
import { Fabric } from '../simulations/engine/fabric.ts'
import { Machine } from '../simulations/engine/machine.ts'
import { areMates, Reach } from '../simulations/engine/reach.ts'
import type { HubPlan } from '../simulations/engine/scenario.ts'
import { Trace } from '../simulations/engine/trace.ts'
import { type Life, World } from '../simulations/engine/world.ts'
import type { HubId, Region, Tier } from '../src/core/ids.ts'

const hub = (name: string) => name as HubId

function machines(seed = 1) {
  const world = new World(seed, new Trace())
  const fabric = new Fabric(world, { sent: () => {} })
  const machine = (name: string, index: number) =>
    new Machine(fabric, { index, name, region: 'r' as Region, bootstrap: [], skewMs: 0 })
  return { world, fabric, weather: fabric.weather, a: machine('a', 0), b: machine('b', 1), c: machine('c', 2) }
}

const draws = 4_000
const shareOf = (draw: () => boolean) => Array.from({ length: draws }, draw).filter(Boolean).length / draws

describe('a line', () => {
  it('loses what one host hears and says, and nothing between others', () => {
    const { weather, a, b, c } = machines()
    weather.loseAt(b, { in: 0.8, out: 0.5 })
    expect(shareOf(() => weather.isLost(a, b))).toBeCloseTo(0.8, 1)
    expect(shareOf(() => weather.isLost(b, a))).toBeCloseTo(0.5, 1)
    expect(shareOf(() => weather.isLost(a, c))).toBe(0)
  })

  it('loses one way between two hosts, on top of what all lines lose', () => {
    const { weather, a, b } = machines()
    weather.loseBetween(a, b, 0.5)
    weather.loss = 0.2
    expect(shareOf(() => weather.isLost(a, b))).toBeCloseTo(0.6, 1)
    expect(shareOf(() => weather.isLost(b, a))).toBeCloseTo(0.2, 1)
  })

  it('loses a publication only with all of its copies', () => {
    const { weather, a, b } = machines()
    weather.loseAt(b, { in: 0.8, out: 0 })
    expect(shareOf(() => weather.areLost(a, b, 6))).toBeCloseTo(0.8 ** 6, 1)
    weather.clear()
    expect(shareOf(() => weather.areLost(a, b, 1))).toBe(0)
  })

  it('takes what it is told to, within the spread, and evenly', () => {
    const { weather, a, b } = machines()
    weather.setLatency({ baseMs: 150, spreadMs: 50 })
    weather.clear()
    const times = Array.from({ length: draws }, () => weather.latency(a, b))
    expect(Math.min(...times)).toBeGreaterThanOrEqual(100)
    expect(Math.max(...times)).toBeLessThanOrEqual(200)
    expect(times.reduce((sum, time) => sum + time, 0) / draws).toBeCloseTo(150, -1)
    expect(times.filter((time) => time < 125).length / draws).toBeCloseTo(0.25, 1)
  })
})

describe('a full uplink', () => {
  it('holds up what the host hears and says, until it is empty', () => {
    const { weather, a, b, c } = machines()
    weather.delayAt(b, 2_500)
    expect([weather.lag(a, b), weather.lag(b, a), weather.lag(a, c)]).toEqual([2_500, 2_500, 0])
    expect(weather.latency(a, b)).toBeGreaterThan(2_500)
    weather.delayAt(b, 0)
    expect(weather.latency(a, b)).toBeLessThan(2)
  })
})

describe('a stall', () => {
  /** When a process gets to what was due in milliseconds 100 to 104, and 131, while it was blocked from 99 to 120. */
  function readingTimes(readMs: number): number[] {
    const world = new World(1, new Trace())
    const life: Life = { alive: true, thawsAt: 0, readMs }
    const times: number[] = []
    for (const due of [100, 101, 102, 103, 104, 131]) world.at(due, () => times.push(world.now), life)
    world.at(99, () => {
      life.thawsAt = 120
    })
    world.run(1_000)
    return times
  }

  it('makes everything late', () => {
    expect(readingTimes(0)).toEqual([120, 120, 120, 120, 120, 131])
  })

  it('makes the backlog cost its time, and what comes meanwhile wait behind it', () => {
    expect(readingTimes(4)).toEqual([120, 124, 128, 132, 136, 140])
  })
})

describe('a machine', () => {
  it('that moved is found at its new address and not at the old one', () => {
    const { fabric, a } = machines()
    const old = a.address
    a.move()
    a.start().network.open(silent, nothing, nothing)
    expect(a.address).not.toBe(old)
    expect([fabric.hostAt(old), fabric.hostAt(a.address)]).toEqual([undefined, a])
  })

  it('that was set up anew has another key and an empty disk', () => {
    const { world, a } = machines()
    const { store } = a.start()
    store.persist([{ put: 'k', value: new Uint8Array([1]) }], true, nothing)
    world.run(100)
    a.crash()
    const key = a.peer
    a.renew()
    let stored = -1
    a.start().store.load(([...entries]) => {
      stored = entries.length
    }, nothing)
    world.run(200)
    expect(stored).toBe(0)
    expect(a.peer).not.toBe(key)
  })

  it('takes over an address when it listens there', () => {
    const { fabric, a } = machines()
    const plan = { index: 3, name: 'd', region: 'r' as Region, bootstrap: [], skewMs: 0, address: a.address }
    const d = new Machine(fabric, plan)
    expect(fabric.hostAt(a.address)).toBe(a)
    d.start().network.open(silent, nothing, nothing)
    expect(fabric.hostAt(a.address)).toBe(d)
  })
})

const nothing = () => {}
const silent = {
  hello: () => new Uint8Array(),
  admit: () => ({ ok: true, hub: hub('x') }) as const,
  isPresent: () => false,
  linkUp: nothing,
  linkDown: nothing,
  dialFailed: nothing,
  message: nothing,
  gossip: nothing,
  garbage: nothing,
}

function plan(name: string, region: string, tier: Tier): HubPlan {
  return { hub: hub(name), region: region as Region, tier, bootstrap: [], skewMs: 0 }
}

const plans = [plan('a', 'r', 'regional'), plan('b', 'r', 'local'), plan('c', 'r', 'local'), plan('d', 's', 'regional')]
const [a, b, c, d] = [hub('a'), hub('b'), hub('c'), hub('d')]
const cutsOf = (...oneWay: string[]) => ({ sides: new Map<number, number>(), oneWay: new Set(oneWay) })

describe('two hubs', () => {
  it('watch each other within a region and on the backbone', () => {
    const [regional, local, , far] = plans as [HubPlan, HubPlan, HubPlan, HubPlan]
    expect([areMates(regional, local), areMates(regional, far), areMates(local, far)]).toEqual([true, true, false])
    expect(areMates(local, local)).toBe(false)
  })
})

describe('who could be reached', () => {
  it('is cut off from the other side of a split, also a while after it', () => {
    const reach = new Reach(plans)
    reach.cut({ sides: new Map([[0, 1]]), oneWay: new Set() }, 100)
    reach.cut(cutsOf(), 200)
    expect([reach.wasCutOff(a, b, 190), reach.wasCutOff(a, b, 210), reach.wasCutOff(c, b, 150)]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('is not cut off by one line that is cut one way, but by all of them', () => {
    const reach = new Reach(plans)
    reach.cut(cutsOf('1>2'), 100)
    expect(reach.wasCutOff(c, b, 100)).toBe(false)
    reach.cut(cutsOf('1>2', '0>2'), 200)
    expect(reach.wasCutOff(c, b, 200)).toBe(true)
  })
})

describe('a word of death', () => {
  const grace = 6_000
  function judge() {
    const detection = new Detection(plans, grace - 2_000)
    for (const { hub: each } of plans) detection.started(each, 0)
    const says = (at: HubId, what: readonly [status: string, of: HubId], now: number) =>
      detection.believed({ at, of: what[1], status: what[0], pool: at === d ? 'foreign' : 'region r' }, now)
    return { detection, says }
  }

  it('is false when the hub ran and could be reached long enough', () => {
    const { detection, says } = judge()
    says(b, ['dead', c], 20_000)
    expect(detection.outcome()).toMatchObject({
      falseDeaths: 1,
      falseAtHealthy: 1,
      someFalse: [{ at: b, of: c, atMs: 20_000, isBySick: false }],
    })
  })

  it.each<[string, (detection: Detection) => void]>([
    ['started', (detection) => detection.started(c, 15_000)],
    ['stood still', (detection) => detection.reach.still(c, 10_000, 15_000)],
    ['was cut off', (detection) => detection.reach.cut(cutsOf('1>2', '0>2'), 19_000)],
    ['had left', (detection) => detection.left(c, 10_000)],
  ])('is excused when the hub %s a moment ago', (_, happens) => {
    const { detection, says } = judge()
    happens(detection)
    says(b, ['dead', c], 20_000)
    expect(detection.outcome().falseDeaths).toBe(0)
  })

  it('is false again when that is over', () => {
    const { detection, says } = judge()
    detection.reach.still(c, 10_000, 13_000)
    says(b, ['dead', c], 13_000 + grace)
    expect(detection.outcome().falseDeaths).toBe(1)
  })

  it('by a hub that stood still itself is false, and told apart', () => {
    const { detection, says } = judge()
    detection.reach.still(b, 10_000, 15_000)
    says(b, ['dead', c], 16_000)
    expect(detection.outcome()).toMatchObject({ falseDeaths: 1, falseAtHealthy: 0 })
  })

  it('about a gray hub is counted for itself', () => {
    const { detection, says } = judge()
    detection.gray(c)
    says(b, ['dead', c], 20_000)
    expect(detection.outcome()).toMatchObject({ falseDeaths: 0, grayDeaths: 1, flaps: 0 })
  })

  it('about a crash is a detection, once for each who learns it', () => {
    const { detection, says } = judge()
    detection.crashed(c, 10_000)
    says(a, ['dead', c], 11_000)
    says(b, ['dead', c], 12_000)
    says(d, ['dead', c], 13_000)
    says(d, ['dead', c], 14_000)
    expect(detection.outcome()).toMatchObject({ first: [1_000], near: [1_000, 2_000], far: [3_000], falseDeaths: 0 })
  })

  it('that is taken back is a flap when the hub was away only for a moment', () => {
    const { detection, says } = judge()
    detection.crashed(c, 10_000)
    says(b, ['dead', c], 11_000)
    detection.started(c, 12_000)
    says(b, ['alive', c], 12_500)
    expect(detection.outcome()).toMatchObject({ flaps: 1, flapsOf: new Map([[c, 1]]) })
  })

  it('that is taken back after a long absence is none', () => {
    const { detection, says } = judge()
    detection.crashed(c, 10_000)
    says(b, ['dead', c], 11_000)
    detection.started(c, 10_000 + grace)
    says(b, ['alive', c], 17_000)
    expect(detection.outcome().flaps).toBe(0)
  })
})

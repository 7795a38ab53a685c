// Presence under random deliveries: whatever overtakes what, all observers end with the same home for every project.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slug } from './kit.ts'
import { fine, ill, refreshMs } from './presence.bench.ts'
import { Gossip, names } from './presence.gossip.ts'

type Act = (gossip: Gossip) => void
const name = fc.constantFrom(...names)
const key = fc.constantFrom('p', 'q', 'r')

const beat = fc.tuple(name, key, fc.boolean()).map(([hub, project, isIll]): Act => {
  return (gossip) => gossip.step(hub, { type: 'beat', slug: slug(project), report: isIll ? ill : fine })
})
const removed = fc.tuple(key).map(([project]): Act => {
  return (gossip) => {
    for (const hub of names) gossip.step(hub, { type: 'removed', slug: slug(project) })
  }
})
const restart = name.map(
  (hub): Act =>
    (gossip) =>
      gossip.boot(hub),
)
const pass = fc.constantFrom(0, 200, 1_000, 5_000, 40_000, 70_000).map(
  (ms): Act =>
    (gossip) =>
      gossip.pass(ms),
)

describe('after a quiet while, all hubs', () => {
  it('name the same home for every project, and the same state of its lease (P1, P6)', () => {
    const history = fc.array(fc.oneof(beat, beat, beat, pass, pass, removed, restart), { maxLength: 40, size: 'max' })
    const older = fc.constantFrom(undefined, undefined, ...names)
    const property = fc.property(history, fc.integer(), older, (acts, seed, who) => {
      const gossip = new Gossip(seed, who)
      for (const act of acts) act(gossip)
      gossip.loss = 0
      gossip.pass(6 * refreshMs)
      for (const hub of names) expect(gossip.homes(hub)).toEqual(gossip.homes('a'))
      expect(gossip.silence).toBeLessThan(1.3 * refreshMs)
    })
    fc.assert(property, { seed: 6, numRuns: Number(process.env['RUNS'] ?? 150) })
  })
})

describe('on a line that loses one message in twenty', () => {
  it('no project falls silent while its home is beaten, whatever version is there (P6)', () => {
    for (const older of [undefined, 'c']) {
      const gossip = new Gossip(11, older)
      gossip.loss = 0.05
      let longest = 0
      for (let round = 0; round < 120; round++) {
        for (const project of ['p', 'q', 'r']) {
          const report = round % 7 === 0 ? ill : fine
          gossip.step(project === 'p' ? 'a' : 'b', { type: 'beat', slug: slug(project), report })
        }
        gossip.pass(30_000)
        if (round > 3) longest = Math.max(longest, gossip.silence)
      }
      expect(longest).toBeLessThan(90_000)
    }
  })
})

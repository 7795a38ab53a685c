// The verdict about a far hub: whose word counts, and for how long.

import { describe, expect, it } from 'vitest'
import { Bulletin } from '../../src/core/hierarchy/bulletin.ts'
import { Foreigners } from '../../src/core/hierarchy/foreigners.ts'
import type { Word } from '../../src/core/hierarchy/messages.ts'
import { Pools } from '../../src/core/hierarchy/pools.ts'
import { Reports } from '../../src/core/hierarchy/reports.ts'
import type { Millis } from '../../src/core/time.ts'
import { hour } from '../../src/core/time.ts'
import { word } from './hierarchy.bench.ts'
import { at, hubId, infoOf, wallStart } from './kit.ts'

type Told = [reporter: string, status: Word['status'], ms: Millis, incarnation?: number]

/** What is believed of `x`, by a hub whose own pool knows whom it is told of. */
class Judge {
  readonly pools = new Pools(infoOf('me'), ['region/north'])
  readonly reports = new Reports(30_000, (hub) => this.pools.member(hub))
  readonly foreigners = new Foreigners({
    reports: this.reports,
    pools: this.pools,
    self: infoOf('me'),
    bornAt: 0,
    silenceMs: 30_000,
    bereftMs: 20_000,
    seasonedMs: 10_000,
    deadRetentionMs: hour,
  })

  constructor(...told: Told[]) {
    for (const each of told) this.tell(each)
  }

  /** The reporter says so with its own voice. */
  tell([reporter, status, ms, incarnation = 1]: Told): void {
    this.reports.hear(hubId(reporter), at(ms))
    this.report(reporter, [word('x', status, incarnation)], ms)
    this.reports.confirm(hubId(reporter), at(ms))
  }

  report(reporter: string, words: readonly Word[], ms: Millis): void {
    this.foreigners.believe({ reporter: hubId(reporter), words: [...words] }, at(ms))
  }

  /** The own pool says so of a hub. */
  pool(name: string, status: Word['status'], ms: Millis): void {
    this.pools.set('region/north', { ...word(name, status), info: infoOf(name) })
    this.foreigners.review(at(ms))
  }

  believes(ms: Millis): Word['status'] | undefined {
    this.foreigners.review(at(ms))
    return this.foreigners.all().get(hubId('x'))?.status
  }
}

describe('the verdict about a far hub', () => {
  it('is the best word: one relay that cannot reach a hub does not kill it', () => {
    expect(new Judge(['r1', 'alive', 0], ['r2', 'dead', 10]).believes(20)).toBe('alive')
    expect(new Judge(['r1', 'alive', 0], ['r1', 'suspect', 1], ['r2', 'dead', 10]).believes(20)).toBe('suspect')
  })

  it('is dead when all reporters say so', () => {
    expect(new Judge(['r1', 'alive', 0], ['r1', 'dead', 5], ['r2', 'dead', 10]).believes(20)).toBe('dead')
  })

  it('follows the highest incarnation, whatever others say of an older one', () => {
    expect(new Judge(['r1', 'alive', 0, 1], ['r2', 'alive', 1, 2], ['r2', 'dead', 10, 2]).believes(20)).toBe('dead')
  })

  it('never comes from a word of death about an unknown hub', () => {
    expect(new Judge(['r1', 'dead', 0]).believes(10)).toBeUndefined()
    expect(new Judge(['r1', 'left', 0]).believes(10)).toBeUndefined()
  })

  it('takes no word of a reporter that the own pool holds dead, and any of one that it holds present', () => {
    const told: Told[] = [
      ['r1', 'alive', 0],
      ['r2', 'alive', 0],
      ['r2', 'dead', 10],
    ]
    const judge = new Judge(...told)
    judge.pool('r1', 'dead', 20)
    expect(judge.believes(20)).toBe('dead')
    const calm = new Judge(...told)
    calm.pool('r1', 'suspect', 20)
    expect(calm.believes(20)).toBe('alive')
  })

  it('takes no word of a reporter that has fallen silent', () => {
    const judge = new Judge(['r1', 'alive', 0], ['r2', 'alive', 0], ['r2', 'dead', 29_000])
    expect(judge.believes(30_000)).toBe('alive')
    expect(judge.believes(31_000)).toBe('dead')
  })

  it('goes on with the word of a reporter that the own pool watches, however long ago it was said', () => {
    const judge = new Judge(['r1', 'alive', 0])
    judge.report('r1', [{ ...word('r1'), info: infoOf('r1') }], 0)
    judge.pool('r1', 'alive', 10)
    expect(judge.believes(hour)).toBe('alive')
    judge.pool('r1', 'dead', hour + 1)
    expect(judge.believes(hour + 20_000)).toBe('alive')
    expect(judge.believes(hour + 20_002)).toBe('dead')
  })

  it('takes no word that a watched reporter said in an earlier life, once that is long ago', () => {
    const judge = new Judge(['r1', 'alive', 0])
    judge.report('r1', [{ ...word('r1'), info: infoOf('r1') }], 0)
    judge.pools.set('region/north', { ...word('r1', 'alive', 2), info: infoOf('r1') })
    expect(judge.believes(30_000)).toBe('alive')
    expect(judge.believes(60_001)).toBe('dead')
  })

  it('takes no word of a reporter that a fresh word buries, until it is heard again', () => {
    const judge = new Judge(['r1', 'alive', 0], ['r2', 'alive', 0], ['r2', 'dead', 100])
    judge.report('r2', [word('r1')], 0)
    judge.report('r2', [word('r1', 'dead')], 200)
    expect(judge.believes(300)).toBe('dead')
    judge.reports.hear(hubId('r1'), at(400))
    expect(judge.believes(500)).toBe('alive')
  })

  it('goes by a reporter that is back, whatever was said of its earlier life', () => {
    const judge = new Judge(['r1', 'alive', 0], ['r2', 'alive', 0])
    judge.report('r2', [word('r1')], 0)
    judge.report('r2', [word('x', 'dead'), word('r1', 'dead')], 100)
    expect(judge.believes(200)).toBe('dead')
    const [report] = new Bulletin(hubId('r1'), 2).update([word('r1', 'alive', 2), word('x')])
    judge.foreigners.believe(report ?? { reporter: hubId('r1'), words: [] }, at(300))
    expect(judge.believes(300)).toBe('alive')
  })

  it('takes no word about an incarnation of the far future, and no ledger from there', () => {
    const ahead = wallStart + 25 * hour
    const judge = new Judge(['r1', 'alive', 0], ['r2', 'alive', 0, ahead], ['r2', 'dead', 1, Number.MAX_SAFE_INTEGER])
    expect(judge.believes(2)).toBe('alive')
    expect(judge.foreigners.all().get(hubId('x'))?.incarnation).toBe(1)
    judge.foreigners.meet([word('x', 'alive', ahead)], at(2))
    expect(judge.foreigners.all().get(hubId('x'))?.incarnation).toBe(1)
    const forged = new Bulletin(hubId('r1'), Number.MAX_SAFE_INTEGER).update([word('x', 'dead')])
    for (const report of forged) judge.foreigners.believe(report, at(3))
    expect(judge.believes(4)).toBe('alive')
  })

  it('takes no word of a reporter that says that it leaves', () => {
    const judge = new Judge(['r1', 'alive', 0], ['r2', 'alive', 0], ['r2', 'dead', 100])
    judge.report('r1', [word('r1')], 0)
    expect(judge.believes(200)).toBe('alive')
    judge.report('r1', [word('r1', 'left')], 300)
    expect(judge.believes(300)).toBe('dead')
  })

  it('believes a hub about itself where nobody else speaks, and wherever it spoke after its burial', () => {
    expect(new Judge(['x', 'alive', 0]).believes(10)).toBe('alive')
    const buried = new Judge(['x', 'alive', 0], ['r1', 'alive', 1], ['r1', 'dead', 100])
    expect(buried.believes(200)).toBe('dead')
    buried.reports.hear(hubId('x'), at(300))
    expect(buried.believes(400)).toBe('alive')
  })

  it('is not alive again by hearsay when those who saw it die have no word any more', () => {
    const judge = new Judge()
    judge.foreigners.meet([word('x')], at(0))
    judge.report('r1', [word('r1')], 0)
    for (const each of [
      ['r1', 'alive', 10],
      ['r1', 'dead', 20],
    ] as const)
      judge.tell([...each])
    judge.report('r1', [word('r1', 'left')], 30)
    expect(judge.believes(40)).toBe('dead')
    judge.foreigners.meet([word('x')], at(50))
    expect(judge.believes(60)).toBe('dead')
    judge.foreigners.meet([word('x', 'alive', 2)], at(70))
    expect(judge.believes(80)).toBe('alive')
  })

  it('lets a hub say itself that it leaves', () => {
    const left: Told[] = [
      ['r1', 'alive', 0],
      ['x', 'alive', 1],
      ['x', 'left', 10],
    ]
    expect(new Judge(...left).believes(20)).toBe('left')
    expect(new Judge(...left, ['r1', 'alive', 20, 2]).believes(30)).toBe('alive')
  })

  it('is dead when the reporter that is left came to its pool after the hub had died, and so leaves it out', () => {
    const judge = new Judge(['r1', 'alive', 0])
    const successor = new Bulletin(hubId('r2'), 1)
    judge.pool('r1', 'dead', 1_000)
    for (const report of successor.update([word('r2'), word('y')])) judge.foreigners.believe(report, at(2_000))
    judge.reports.confirm(hubId('r2'), at(2_000))
    expect(judge.believes(11_000)).toBe('alive')
    judge.reports.renew(hubId('r2'), at(11_999))
    expect(judge.believes(12_001)).toBe('dead')
    const mate = new Judge()
    mate.foreigners.meet([{ ...word('x'), info: infoOf('x') }], at(0))
    expect(mate.believes(30_000)).toBe('alive')
    expect(mate.believes(30_001)).toBe('dead')
    const mentioned = new Judge(['r1', 'alive', 0])
    mentioned.pool('r1', 'dead', 1_000)
    const knowing = new Bulletin(hubId('r2'), 1)
    for (const report of knowing.update([word('r2'), word('x')])) mentioned.foreigners.believe(report, at(2_000))
    expect(mentioned.believes(20_000)).toBe('alive')
  })

  it('is no omission where what the reporter said since may have been missed', () => {
    const judge = new Judge(['r1', 'alive', 0])
    judge.pool('r1', 'dead', 1_000)
    for (const report of new Bulletin(hubId('r2'), 1).update([word('r2')])) judge.foreigners.believe(report, at(2_000))
    judge.reports.renew(hubId('r2'), at(2_000))
    judge.reports.confirm(hubId('r2'), at(12_000))
    expect(judge.believes(12_001)).toBe('alive')
    judge.reports.renew(hubId('r2'), at(12_001))
    expect(judge.believes(12_002)).toBe('dead')
  })

  /** A reporter of the other side, all of whose words are fetched: what it said during a partition. */
  const fetched = (judge: Judge, words: readonly Word[], ms: Millis): void => {
    for (const report of new Bulletin(hubId('r2'), 1).update([word('r2'), ...words])) {
      judge.foreigners.believe({ ...report, whole: true }, at(ms))
    }
    judge.reports.confirm(hubId('r2'), at(ms))
  }

  it('outlasts what a side that was away said long ago of its reporter, while there is time to take it back', () => {
    const judge = new Judge(['r1', 'alive', 0])
    judge.report('r1', [word('r1')], 0)
    fetched(judge, [word('r1', 'dead'), word('x', 'dead')], 100)
    expect([judge.believes(200), judge.believes(5_099), judge.believes(5_100)]).toEqual(['alive', 'alive', 'dead'])
    const alone = new Judge(['x', 'alive', 0])
    fetched(alone, [word('x', 'dead')], 100)
    expect([alone.believes(5_099), alone.believes(5_100)]).toEqual(['alive', 'dead'])
  })

  it('is dead at once where that is news, or all that the live say', () => {
    const news = new Judge(['r1', 'alive', 0])
    news.report('r1', [word('r1')], 0)
    fetched(news, [word('r1'), word('x')], 50)
    news.report('r2', [word('r1', 'dead'), word('x', 'dead')], 100)
    expect(news.believes(100)).toBe('dead')
    const bereft = new Judge(['r1', 'alive', 0])
    bereft.pool('r1', 'dead', 50)
    fetched(bereft, [word('x', 'dead')], 100)
    expect(bereft.believes(100)).toBe('dead')
  })

  it('does not follow a reporter that was buried itself and is back, before it has spoken again', () => {
    const judge = new Judge(['r1', 'alive', 0])
    judge.pool('r1', 'dead', 10)
    fetched(judge, [word('x', 'dead')], 20)
    judge.pools.set('region/north', { ...word('r2', 'alive', 2), info: infoOf('r2') })
    const back = new Judge(['r1', 'alive', 0])
    back.pool('r1', 'dead', 10)
    back.pools.set('region/north', { ...word('r2', 'alive', 2), info: infoOf('r2') })
    fetched(back, [word('x', 'dead')], 20)
    expect([judge.believes(30), back.believes(30)]).toEqual(['dead', 'alive'])
    back.report('r2', [word('r2', 'alive', 2)], 40)
    expect(back.believes(40)).toBe('dead')
  })

  it('stays as it was when all reporters are dead, long enough for others to stand in', () => {
    const judge = new Judge(['r1', 'alive', 0])
    judge.pool('r1', 'dead', 10)
    expect(judge.believes(20_009)).toBe('alive')
    expect(judge.foreigners.deadline()).toBe(20_010)
    expect(judge.believes(20_010)).toBe('dead')
    const relieved = new Judge(['r1', 'alive', 0])
    relieved.pool('r1', 'dead', 10)
    relieved.tell(['stand-in', 'alive', 20_000])
    expect(relieved.believes(40_000)).toBe('alive')
  })

  it('stays as it was when its reporters are gone and not dead, until the silence is long', () => {
    const judge = new Judge(['r1', 'alive', 0])
    judge.report('r1', [word('r1', 'left')], 10)
    expect(judge.believes(29_999)).toBe('alive')
    expect(judge.believes(30_001)).toBe('dead')
  })
})

// A hub whose clock is wrong writes nothing, says so, and goes on by itself when the clock is right.

import { describe, expect, it } from 'vitest'
import { hour } from '../../src/core/time.ts'
import { slug } from '../core/kit.ts'
import { alpha, beat, changes, infoOf, Rig, read, register } from './kit.ts'

function linked(): Rig {
  const rig = new Rig()
  rig.link(infoOf('a'))
  rig.member('a', 'alive')
  tellTime(rig)
  return rig
}

/** What time it is at `a`, whose clock is right. */
function tellTime(rig: Rig): void {
  rig.hear('a', 'clock.tell', { wall: rig.moment().wall - rig.wrongMs })
}

const clockOf = (rig: Rig) => rig.views.health(rig.moment()).checks['clock']

describe('a hub whose clock jumps by hours', () => {
  it.each([
    ['forward', 2 * hour, 'ahead'],
    ['back', -2 * hour, 'behind'],
  ] as const)('%s is degraded, says why, and refuses to write', (where, wrongMs, reason) => {
    const rig = linked()
    register(rig)
    rig.wrongMs = wrongMs
    expect(register(rig)).toMatchObject({ ok: false, code: 'clock-drift', detail: expect.stringContaining('/health') })
    const jumped = `the clock jumped ${where} by 7200 s and no peer has confirmed it yet; nothing is written meanwhile`
    expect(clockOf(rig)).toEqual({ status: 'warn', details: jumped })
    tellTime(rig)
    expect(rig.views.health(rig.moment()).status).toBe('degraded')
    expect(clockOf(rig)?.details).toContain(`the clock is ${reason} by 7200 s`)
    expect(rig.hub.info.degraded).toEqual(['clock'])
    expect(rig.views.health(rig.moment()).checks['runtime']?.status).toBe('pass')
    expect([rig.ask({ type: 'remove', slug: alpha }), register(rig, slug('beta'))]).toMatchObject([
      { code: 'clock-drift' },
      { code: 'clock-drift' },
    ])
    expect(beat(rig)).toMatchObject({ ok: true })
    rig.wrongMs = 0
    expect(register(rig, alpha, { name: 'Anew' })).toMatchObject({ ok: true })
    expect([read(rig), clockOf(rig)?.status, rig.hub.info.degraded]).toMatchObject([
      { name: 'Anew' },
      'pass',
      undefined,
    ])
  })

  it('stamps nothing by itself meanwhile, and nothing that it stamps afterwards is from the future', () => {
    const rig = linked()
    register(rig)
    rig.wrongMs = 5 * hour
    rig.pass(5_000)
    rig.wrongMs = 0
    rig.pass(60_000)
    register(rig, slug('after'))
    const stamps = [...rig.hub.catalog.replicas.slices()]
      .flatMap((slice) => [...slice.records()])
      .flatMap(({ fields }) => Object.values(fields).map(([, [wall]]) => wall))
    expect(Math.max(...stamps)).toBeLessThanOrEqual(rig.moment().wall)
  })

  it('reports it once, and once that it is over', () => {
    const rig = linked()
    const from = rig.done.length
    rig.wrongMs = hour
    rig.pass(20_000)
    rig.wrongMs = 0
    rig.pass(20_000)
    const told = changes(rig.done.slice(from)).filter((change) => change.type === 'clock' || change.type === 'degraded')
    expect(told).toEqual([
      { type: 'clock', doubt: { reason: 'jumped', byMs: hour } },
      { type: 'degraded', reasons: ['clock'] },
      { type: 'clock' },
      { type: 'degraded', reasons: [] },
    ])
  })
})

// Test messages: who counts as having heard one, and how long is waited for the others.

import { expect, it } from 'vitest'
import type { Answer } from '../../src/hub/calls.ts'
import type { HubEffect } from '../../src/hub/effects.ts'
import { infoOf, peerOf } from '../core/kit.ts'
import { Rig } from './kit.ts'

const said = (effects: readonly HubEffect[], kind: string) =>
  effects.flatMap((effect) =>
    (effect.type === 'send' || effect.type === 'publish') && effect.kind === kind ? [effect] : [],
  )

function asking(): { readonly rig: Rig; readonly id: string; readonly told: () => Answer | undefined } {
  const rig = new Rig()
  for (const name of ['b', 'c']) rig.member(name, 'alive')
  rig.link(infoOf('b'))
  const from = rig.done.length
  rig.step({ type: 'call', call: 700, request: { type: 'echo', waitMs: 5_000 } })
  const [call] = said(rig.done.slice(from), 'echo.call')
  if (call === undefined) throw new Error('no test message was published')
  const { id } = call.body as { id: string }
  return { rig, id, told: () => rig.answer(700) }
}

const answer = (rig: Rig, [from, hub]: readonly [string, string], id: string) =>
  rig.step({ type: 'message', from: peerOf(from), value: { v: 3, kind: 'echo.answer', body: { id, hub } } })

it('is answered as soon as all have heard it', () => {
  const { rig, id, told } = asking()
  rig.pass(20)
  answer(rig, ['b', 'b'], id)
  expect(told()).toBeUndefined()
  rig.pass(10)
  answer(rig, ['c', 'c'], id)
  const received = [
    { hub_id: 'b', latency_ms: 20 },
    { hub_id: 'c', latency_ms: 30 },
  ]
  expect(told()).toMatchObject({ ok: true, echo: { id, expected: 2, received, missing: [] } })
})

it('names those who did not answer in time', () => {
  const { rig, id, told } = asking()
  answer(rig, ['b', 'b'], id)
  rig.pass(4_999)
  expect(told()).toBeUndefined()
  rig.pass(1)
  expect(told()).toMatchObject({ ok: true, echo: { expected: 2, missing: ['c'] } })
})

it('counts no answer that another hub, or a stranger, gives in the name of one', () => {
  const { rig, id, told } = asking()
  answer(rig, ['b', 'c'], id)
  answer(rig, ['stranger', 'stranger'], id)
  answer(rig, ['b', 'b'], id)
  answer(rig, ['b', 'b'], id)
  rig.pass(5_000)
  expect(told()).toMatchObject({ ok: true, echo: { received: [{ hub_id: 'b' }], missing: ['c'] } })
})

it('is refused while too many wait', () => {
  const { rig } = asking()
  const ask = (call: number, waitMs: number) => {
    rig.pass(500)
    rig.step({ type: 'call', call, request: { type: 'echo', waitMs } })
    return rig.answer(call)
  }
  for (const call of [701, 702, 703]) expect(ask(call, 5_000)).toBeUndefined()
  expect(ask(704, 5_000)).toMatchObject({ ok: false, code: 'limit-reached' })
})

it('is refused where this hub would publish more than two in a second, waited for or not', () => {
  const rig = new Rig()
  const codes = Array.from({ length: 10 }, (_, n) => {
    rig.step({ type: 'call', call: 800 + n, request: { type: 'echo', waitMs: 0 } })
    return rig.answer(800 + n)?.ok
  })
  expect(codes).toEqual([true, true, ...Array(8).fill(false)])
})

it('is answered over the link, or published where there is none and few hubs are, and not without end', () => {
  const rig = new Rig()
  rig.link(infoOf('b'))
  const hear = (from: string, isOpen = true) => {
    const value = { v: 3, kind: 'echo.call', body: { id: 'x', by: from, isOpen } }
    return said(rig.step({ type: 'message', from: peerOf(from), topic: 'members', value }), 'echo.answer')
  }
  expect(hear('b')).toMatchObject([{ type: 'send', to: peerOf('b'), body: { id: 'x', hub: 'me' } }])
  expect(hear('c')).toMatchObject([{ type: 'publish', topic: 'members' }])
  expect(hear('c', false)).toEqual([])
  const answers = Array.from({ length: 100 }, () => hear('b').length)
  expect(answers.reduce((sum, count) => sum + count, 0)).toBeLessThan(5)
  expect(hear('d')).toHaveLength(1)
  rig.pass(1_000)
  expect(hear('b')).toHaveLength(1)
})

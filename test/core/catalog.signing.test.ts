// C10, C12: a head is signed while the disk syncs what it is of. Whichever of the two comes last, nothing is seen before it; and
// a signature that was not stored is made again at the next start.

import { describe, expect, it } from 'vitest'
import { headText } from '../../src/core/catalog/head.ts'
import { readSlices } from '../../src/core/catalog/stored.ts'
import type { StoreOp } from '../../src/core/machine.ts'
import { Bench, persists, published, replies } from './catalog.bench.ts'
import { putOf } from './catalog.kit.ts'
import { at, hubId, peerOf, testKeys } from './kit.ts'

const keys = testKeys(peerOf('me'))

/** A write under way, the disk and the key still at work. */
function begun() {
  const { catalog } = Bench.opened()
  const write = { type: 'write', call: 7, writes: [putOf('p', { name: 'p' })], extra: [] } as const
  const effects = catalog.step(write, at(1))
  const [text = ''] = effects.flatMap((effect) => (effect.type === 'sign' ? [effect.text] : []))
  const signed = () => catalog.step({ type: 'signed', signature: keys.sign(text) }, at(2))
  const stored = (ok: boolean) => catalog.step({ type: 'persisted', token: 1, ok }, at(3))
  return { catalog, effects, signed, stored }
}

/** A hub that starts with what these operations left on its disk. */
function restarted(batch: readonly StoreOp[], peer = peerOf('me')): Bench {
  const entries = batch.flatMap((op): [string, unknown][] => {
    if (op.op === 'del') return []
    const value = op.value as { readonly head?: object }
    return [[op.key, value.head === undefined ? value : { ...value, head: { ...value.head, peer } }]]
  })
  return new Bench({ slices: readSlices(entries).slices })
}

describe('the head of a batch', () => {
  it('is signed after the disk was given the batch', () => {
    const types = begun().effects.map(({ type }) => type)
    expect(types).toEqual(['persist', 'sign'])
  })

  it('and the disk both have to be done before the write is seen, gossiped and answered', () => {
    for (const order of [
      ['signed', 'stored'],
      ['stored', 'signed'],
    ] as const) {
      const { catalog, signed, stored } = begun()
      const end = { signed, stored: () => stored(true) }
      const early = end[order[0]]()
      expect(replies(early)).toEqual([])
      expect(published(early)).toEqual([])
      expect(catalog.replicas.exists('project/p')).toBe(false)
      const late = end[order[1]]()
      expect(replies(late)).toEqual([[7, { ok: true, outcomes: ['created'] }]])
      expect(published(late)).toHaveLength(1)
      expect(catalog.replicas.exists('project/p')).toBe(true)
    }
  })

  it('stays signed while a disk that refused the batch is asked again', () => {
    const { catalog, effects, signed, stored } = begun()
    signed()
    expect(replies(stored(false))).toMatchObject([[7, { ok: false, code: 'storage-failed' }]])
    const again = catalog.step({ type: 'tick' }, at(2_000))
    expect(persists(again, true)).toEqual(persists(effects, true))
    expect(again.filter(({ type }) => type === 'sign')).toEqual([])
    expect(published(stored(true))).toHaveLength(1)
  })
})

describe('a hub that starts', () => {
  const batch = persists(begun().effects, true).flatMap((effect) => effect.batch)

  it('signs the head that it stored unsigned', () => {
    const slice = restarted(batch).catalog.replicas.slice(hubId('me'))
    const head = slice?.head ?? expect.unreachable()
    const { epoch, seq } = slice?.version ?? expect.unreachable()
    expect(head.signature).toBe(keys.sign(headText('test', { hub: hubId('me'), epoch, to: seq }, head)))
  })

  it('has no head where another key was to sign it', () => {
    const slice = restarted(batch, peerOf('before')).catalog.replicas.slice(hubId('me'))
    expect(slice?.version.seq).toBe(2)
    expect(slice?.head).toBeUndefined()
  })
})

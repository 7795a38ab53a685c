// A hub that goes by another name now, with its old disk and key: what it wrote under the old one is as good as ever.

import { expect, it } from 'vitest'
import { Catalog } from '../../src/core/catalog/catalog.ts'
import type { CatalogInput } from '../../src/core/catalog/protocol.ts'
import type { Slice } from '../../src/core/catalog/slice.ts'
import { readSlices } from '../../src/core/catalog/stored.ts'
import { Random } from '../../src/core/random.ts'
import { Bench, persists, syncIntervalMs } from './catalog.bench.ts'
import { putOf } from './catalog.kit.ts'
import { at, hubId, peerOf, testHashing, testKeys, wallStart } from './kit.ts'

function catalogOf(
  hub: string,
  key: string,
  { slices = [] as readonly Slice[], reserve = [] as readonly Slice[] } = {},
): Catalog {
  const { sign } = testKeys(peerOf(key))
  const options = {
    ...{ hub: hubId(hub), peer: peerOf(key), federation: 'test', hashing: testHashing, sign, slices, reserve },
    ...{ keyOf: () => undefined, random: new Random(1), maxClockDriftMs: 30_000, syncIntervalMs, maxSliceRecords: 100 },
    ...{ lostOwn: undefined, removalRetentionMs: 3_600_000, sureWall: wallStart, isReturning: false },
    ...{ strategy: 'hybrid' as const, isClockRight: () => true },
  }
  return new Catalog(options, at(0))
}

it('is taken by others, although the head on the disk bears no signature', () => {
  const bench = Bench.opened()
  const batch = persists(bench.write(putOf('p', { name: 'p' })), true).flatMap((effect) => effect.batch)
  const stored = batch.flatMap((op): [string, unknown][] => (op.op === 'del' ? [] : [[op.key, op.value]]))
  const nodes = {
    me: catalogOf('renamed', 'me', { slices: readSlices(stored).slices }),
    fresh: catalogOf('fresh', 'fresh'),
  }
  let quarantines = 0
  let ms = 0
  const step = (who: 'me' | 'fresh', input: CatalogInput): void => {
    const other = who === 'me' ? 'fresh' : 'me'
    for (const effect of nodes[who].step(input, at(ms))) {
      if (effect.type === 'send') step(other, { type: 'message', from: peerOf(who), message: effect.message })
      if (effect.type === 'sign') step(who, { type: 'signed', signature: testKeys(peerOf(who)).sign(effect.text) })
      if (effect.type === 'persist') step(who, { type: 'persisted', token: effect.token, ok: true })
      if (effect.type === 'verify') {
        const { token, peer, text, signature } = effect
        step(who, { type: 'verified', token, ok: testKeys(peerOf(who)).verify(peer, text, signature) })
      }
      if (effect.type === 'change' && effect.change.type === 'quarantined') quarantines++
    }
  }
  step('me', { type: 'link-up', peer: peerOf('fresh') })
  step('fresh', { type: 'link-up', peer: peerOf('me') })
  for (ms = 1_000; ms < 60_000; ms += 1_000) for (const who of ['me', 'fresh'] as const) step(who, { type: 'tick' })
  expect([nodes.fresh.replicas.exists('project/p'), quarantines]).toEqual([true, 0])
})

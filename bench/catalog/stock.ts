// A data directory as a hub leaves it that holds 1,000 slices of 100 entries.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { cborCodec } from '../../src/adapters/codec.ts'
import { keysOf } from '../../src/adapters/keys.ts'
import { openLevelStore } from '../../src/adapters/store/level.ts'
import { type Head, headText } from '../../src/core/catalog/head.ts'
import { entryId } from '../../src/core/catalog/record.ts'
import { Replicas } from '../../src/core/catalog/replicas.ts'
import type { Run } from '../../src/core/catalog/slice.ts'
import { Tally } from '../../src/core/catalog/tally.ts'
import type { PeerId } from '../../src/core/ids.ts'
import type { HubKeys } from '../../src/hub/ports.ts'
import { projectKind } from '../../src/hub/projects.ts'
import { encodedOp } from '../../src/hub/stored.ts'
import { hubId } from '../../test/core/kit.ts'

export const stockedHubs = 1_000
export const stockedEntries = 100
/** The default name. */
const federation = 'hubmesh'

/** The slices of `owners` and of as many others as are missing to 1,000, in `directory`/catalog. */
export async function stock(directory: string, owners: readonly string[]): Promise<void> {
  await mkdir(directory, { recursive: true })
  const store = await openLevelStore(join(directory, 'catalog'))
  const others = Array.from({ length: stockedHubs - owners.length }, (_, i) => `stock-${i}`)
  const wall = Date.now() - 60_000
  const key = await generateKeyPair('Ed25519')
  // One key for all: nobody knows a hub that never ran.
  const keys = { ...keysOf(key), peer: peerIdFromPrivateKey(key).toString() as PeerId }
  for (const name of [...owners, ...others]) {
    const hub = hubId(name)
    const replicas = new Replicas()
    const records = Array.from({ length: stockedEntries }, (_, i) => {
      const key = `${name.toLowerCase()}-p${i}`
      const values = {
        life: true,
        name: `Project ${i} of ${name}`,
        hub_url: `https://${name}.example.org/${i}`,
        mesh_namespace: `hub.${key}`,
      }
      const fields = Object.entries(values).map(([field, value]) => [field, [value, [wall + i, 0, hub]]])
      return { kind: projectKind, key, seq: i + 1, fields: Object.fromEntries(fields) }
    })
    const run: Run = { hub, epoch: [1, 'stockedo'], from: 0, to: records.length, records }
    replicas.apply({ ...run, head: headOf(run, keys) })
    const ops = replicas.storeOps(hub, records.map(entryId))
    const batch = ops.map((op) => encodedOp(op, cborCodec))
    await new Promise<void>((done, fail) =>
      store.persist(batch, false, (ok) => (ok ? done() : fail(new Error('the disk takes no writes')))),
    )
  }
  await store.close()
}

/** C10: as the author signs it. */
function headOf(run: Run, { peer, ...keys }: HubKeys & { readonly peer: PeerId }): Head {
  const head = { peer, horizon: 0, root: Tally.of(run.records, keys, 0).root() }
  return { ...head, signature: keys.sign(headText(federation, run, head)) }
}

// A data directory as a hub leaves it that holds 1,000 slices of 100 entries.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cborCodec } from '../../src/adapters/codec.ts'
import { openLevelStore } from '../../src/adapters/store/level.ts'
import { entryId } from '../../src/core/catalog/record.ts'
import { Replicas } from '../../src/core/catalog/replicas.ts'
import { projectKind } from '../../src/hub/projects.ts'
import { hubId } from '../../test/core/kit.ts'

export const stockedHubs = 1_000
export const stockedEntries = 100

/** The slices of `owners` and of as many others as are missing to 1,000, in `directory`/catalog. */
export async function stock(directory: string, owners: readonly string[]): Promise<void> {
  await mkdir(directory, { recursive: true })
  const store = await openLevelStore(join(directory, 'catalog'))
  const others = Array.from({ length: stockedHubs - owners.length }, (_, i) => `stock-${i}`)
  const wall = Date.now() - 60_000
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
    replicas.apply({ hub, epoch: [1, 'stockedo'], from: 0, to: records.length, records })
    const ops = replicas.storeOps(hub, records.map(entryId))
    const batch = ops.map((op) =>
      op.op === 'put' ? { put: op.key, value: cborCodec.encode(op.value) } : { del: op.key },
    )
    await new Promise<void>((done, fail) =>
      store.persist(batch, false, (ok) => (ok ? done() : fail(new Error('the disk takes no writes')))),
    )
  }
  await store.close()
}

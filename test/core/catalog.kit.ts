// Small builders for tests of the catalog: writes, what a reader sees, a disk that can lose.

import { type CatalogMessage, catalogKinds } from '../../src/core/catalog/messages.ts'
import { contentHash, type Joined } from '../../src/core/catalog/record.ts'
import type { Slice } from '../../src/core/catalog/slice.ts'
import type { Write } from '../../src/core/catalog/writes.ts'
import { hashOf } from '../../src/core/hash.ts'
import type { StoreOp } from '../../src/core/machine.ts'

export const project = 'project'

export function putOf(key: string, fields: Record<string, unknown>, tags?: readonly string[]): Write {
  return { op: 'put', kind: project, key, fields, initial: {}, sets: tags === undefined ? {} : { 'tag:': tags } }
}

export function removeOf(key: string): Write {
  return { op: 'remove', kind: project, key }
}

/** What a reader sees of an entry: its fields without stamps and voids; undefined when it does not exist. */
export function seen(joined: Joined): Record<string, unknown> | undefined {
  if (joined.fields['life'] === undefined) return undefined
  const present = Object.entries(joined.fields).filter(([name, [value]]) => value !== null && name !== 'life')
  return Object.fromEntries(present.map(([name, [value]]) => [name, value]))
}

/** Equal exactly when the content is: what C9 promises for equal versions. */
export function sliceHash(slice: Slice | undefined): string | undefined {
  if (slice === undefined) return undefined
  const lines = [...slice.records()].flatMap((record) => [record.seq, contentHash(record)])
  return hashOf([...slice.version.epoch, slice.version.seq, ...lines])
}

/** The disk of one hub: batches in order; those after the last synced one may go with a crash. */
export class Disk {
  #batches: { readonly ops: readonly StoreOp[]; readonly synced: boolean }[] = []
  isFull = false

  write(ops: readonly StoreOp[], synced: boolean): void {
    this.#batches.push({ ops: structuredClone(ops), synced })
  }

  /** Power fails: up to `lost` of the last batches, none that was synced or written before one that was. */
  crash(lost: number): void {
    const safe = this.#batches.findLastIndex((batch) => batch.synced) + 1
    this.#batches = this.#batches.slice(0, Math.max(safe, this.#batches.length - lost))
  }

  /** One batch is missing, as after a flipped bit in a log. */
  damage(which: number): void {
    this.#batches.splice(which % Math.max(1, this.#batches.length), 1)
  }

  /** What hubs of 0.2 stored. */
  forgetHeads(): void {
    const held = [...this.entries()].map(([key, value]): StoreOp => {
      const { head: _, ...rest } = value as { readonly head?: unknown }
      return { op: 'put', key, value: rest }
    })
    this.write(held, true)
  }

  erase(): void {
    this.#batches = []
  }

  entries(): Map<string, unknown> {
    const held = new Map<string, unknown>()
    for (const op of this.#batches.flatMap(({ ops }) => ops)) {
      if (op.op === 'put') held.set(op.key, structuredClone(op.value))
      else held.delete(op.key)
    }
    return held
  }
}

/** What catalogs say to each other, by its name. */
export const kinds = new Map(catalogKinds.map((kind) => [kind.kind, kind]))

/** Throws where a hub says what no hub would take. */
export function expectTakable(message: CatalogMessage): void {
  if (kinds.get(message.kind)?.check(message.body) === true) return
  throw new Error(`nobody takes this: ${JSON.stringify(message).slice(0, 300)}`)
}

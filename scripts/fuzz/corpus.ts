// What the fuzzer begins with: everything that hubs of a small simulated federation say to each other while they come, go,
// crash and are written to, a sample of each kind; and what they keep on their disks.

import { Simulation } from '../../simulations/engine/simulation.ts'
import { churn } from '../../simulations/scenarios/churn.ts'
import { simulatedSettings } from '../../simulations/settings.ts'
import { cborCodec } from '../../src/adapters/codec.ts'
import { marksOf } from '../../src/core/catalog/estimate.ts'
import type { ListedVersion } from '../../src/core/catalog/messages.ts'
import { digestOf } from '../../src/core/catalog/roster.ts'
import { sketchOf } from '../../src/core/catalog/sketch.ts'
import type { HubId } from '../../src/core/ids.ts'
import { isPacked } from '../../src/core/packed.ts'
import { Random } from '../../src/core/random.ts'
import { second } from '../../src/core/time.ts'
import { type HubInfo, seal } from '../../src/core/wire.ts'
import type { StoredEntry } from '../../src/hub/ports.ts'

/** Of each kind, drawn from the whole of the run: those that begin one are all alike; and of those that travel compressed. */
const perKind = 24

export interface Corpus {
  readonly frames: readonly Uint8Array[]
  readonly hellos: readonly Uint8Array[]
  /** A disk, by key. */
  readonly rows: readonly StoredEntry[]
}

export function gatherCorpus(seed: number): Corpus {
  const byKind = new Map<string, Uint8Array[]>()
  const counts = new Map<string, number>()
  const random = new Random(seed)
  const packed: Uint8Array[] = []
  const noted = (value: unknown, bytes: Uint8Array): Uint8Array => {
    const kind = kindOf(value)
    if (kind === undefined) return bytes
    const count = counts.get(kind) ?? 0
    counts.set(kind, count + 1)
    const kept = byKind.get(kind) ?? []
    byKind.set(kind, kept)
    // Vitter's algorithm R: each frame so far is as likely to be kept as any other.
    const place = count < perKind ? count : random.below(count + 1)
    if (place < perKind) kept[place] = bytes
    return bytes
  }
  const codec = {
    ...cborCodec,
    encode: (value: unknown) => noted(value, cborCodec.encode(value)),
    pack(value: unknown): Uint8Array {
      noted(value, cborCodec.encode(value))
      const bytes = cborCodec.pack(value)
      if (isPacked(bytes) && packed.length < perKind) packed.push(bytes)
      return bytes
    },
  }
  const size = { hubs: 8, durationMs: 40 * second }
  new Simulation({ scenario: churn, size, seed, codec, settingsFor: simulatedSettings }).run()
  const hellos = byKind.get('hub.hello') ?? []
  byKind.delete('hub.hello')
  const frames = [...byKind.values(), summaries(), packed].flat()
  return { frames, hellos, rows: disk(hellos, byKind.get('catalog.part') ?? []) }
}

/** C11: what larger federations compare by, beyond a row of seqs as short as that of this one. */
function summaries(): Uint8Array[] {
  const versions = Array.from({ length: 300 }, (_, i): ListedVersion => [`hub-${i}` as HubId, [1, 'first'], 40 + i])
  const digest = digestOf(versions)
  const row = versions.map(([, , seq]) => seq)
  const sketches = [1, 4, 60].map((count) => seal('catalog.sketch', { digest, symbols: sketchOf(row, count) }))
  return [...sketches, seal('catalog.doubt', { marks: marksOf(row) })].map((message) => cborCodec.encode(message))
}

function kindOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('body' in value)) return undefined
  return String(value.kind)
}

/** As it is laid out in core/catalog/replicas.ts and hub/stored.ts. */
function disk(hellos: readonly Uint8Array[], parts: readonly Uint8Array[]): StoredEntry[] {
  const rows = new Map<string, unknown>([
    ['hub/incarnation', 1_767_225_600_000],
    ['hub/lived', { wall: 1_767_225_600_000, sure: 1_767_225_600_000 }],
    ['file/atlas', { hash: 'abc', created: 1_767_225_600_000 }],
    ['file/beacon', 'abc'],
  ])
  for (const info of hellos.map(infoIn)) rows.set(`book/${info.hub}`, info)
  const brought = parts.flatMap((bytes) => (cborCodec.decode(bytes) as { body: { parts: Part[] } }).body.parts)
  const most = brought.sort((a, b) => b.records.length - a.records.length).slice(0, 8)
  for (const { hub, epoch, to, records, head } of most) {
    const signed = head === undefined ? {} : { head }
    rows.set(`slice/${hub}`, { epoch, seq: to, size: records.length, surplusEpoch: epoch, floor: 0, ...signed })
    for (const record of records) {
      rows.set(`record/${hub}/${record.kind}/${record.key}`, { epoch, record })
      rows.set(`surplus/${hub}/${record.kind}/${record.key}`, { epoch, record })
    }
  }
  return [...rows].map(([key, value]) => ({ key, value: cborCodec.encode(value) }))
}

interface Part {
  readonly hub: string
  readonly epoch: readonly [number, string]
  readonly to: number
  readonly head?: unknown
  readonly records: readonly { readonly kind: string; readonly key: string }[]
}

export function infoIn(hello: Uint8Array): HubInfo {
  return (cborCodec.decode(hello) as { body: { info: HubInfo } }).body.info
}

// Two catalogs and the messages between them, weighed as they travel: what a comparison costs, in bytes and in round trips.

import { cborCodec } from '../../src/adapters/codec.ts'
import { Catalog } from '../../src/core/catalog/catalog.ts'
import type { Head } from '../../src/core/catalog/head.ts'
import type { CatalogMessage } from '../../src/core/catalog/messages.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { type Epoch, Slice } from '../../src/core/catalog/slice.ts'
import { Random } from '../../src/core/random.ts'
import { parse, seal } from '../../src/core/wire.ts'
import { unprovedHead } from './catalog.heads.ts'
import { kinds } from './catalog.kit.ts'
import { at, hubId, peerOf, testHashing, testKeys, wallStart } from './kit.ts'

/** The length that the framer puts before each message. */
const headBytes = 4

/** How far one hub holds slices: hub → epoch and seq. */
export type Holdings = ReadonlyMap<string, readonly [epoch: Epoch, seq: number]>

export interface Frame {
  readonly kind: string
  readonly bytes: number
  /** Bytes of the records in it, and of the heads of their slices. */
  readonly records: number
  /** How many records those are. */
  readonly count: number
}

export interface Cost {
  readonly frames: readonly Frame[]
  /** Without the records and heads. */
  readonly beside: number
  readonly records: number
  readonly roundTrips: number
}

/** Entries of a slice: further writes are of the same ones again, in turn. */
const entries = 100

/** What a hub writes under each seq: as large as a project's record usually is. */
function recordAt(hub: string, seq: number): CatalogRecord {
  const stamp = [wallStart - 100_000 + seq, 0, hubId(hub)] as const
  const key = `${hub}-project-${seq % entries}`
  const values = { name: `Project ${seq}`, hub_url: `https://${hub}.example.org/${seq}`, mesh_namespace: `hub.${key}` }
  const fields = Object.entries({ life: true, ...values }).map(([name, value]) => [name, [value, [...stamp]]])
  return { kind: 'project', key, seq, fields: Object.fromEntries(fields) }
}

function sliceOf(hub: string, [epoch, seq]: readonly [Epoch, number]): Slice {
  const slice = new Slice(hubId(hub), { epoch, seq: 0 })
  const size = Math.min(seq, entries)
  const records = Array.from({ length: size }, (_, i) => recordAt(hub, seq - size + i + 1))
  slice.extend({ hub: hubId(hub), epoch, from: 0, to: seq, records, head: unprovedHead(hub) })
  return slice
}

interface Letter {
  readonly from: 'a' | 'b'
  readonly message: CatalogMessage
}

export class Pair {
  readonly a: Catalog
  readonly b: Catalog
  readonly dropped: string[] = []
  readonly #isOld: boolean
  #now = 0

  /** `isOld`: hub b is of 0.3.0, which neither says nor hears that rows may be bytes. */
  constructor(a: Holdings, b: Holdings, isOld = false) {
    this.#isOld = isOld
    this.a = catalogOf('a', a)
    this.b = catalogOf('b', b)
  }

  /** Hub a asks hub b, once, and all that comes of it is delivered; `both`: b asks as well, at the same time. */
  compare(isBoth = false): Cost {
    this.#now += 20_000
    const frames: Frame[] = []
    let deepest = 0
    const linked = this.#step('a', { type: 'link-up', peer: peerOf('b') })
    let waiting = isBoth ? [...linked, ...this.#step('b', { type: 'link-up', peer: peerOf('a') })] : this.#ticked()
    while (waiting.length > 0) {
      deepest++
      waiting = waiting.flatMap(({ from, message }) => {
        const { frame, heard } = carried(this.#isOld ? withoutBrief(message) : message)
        frames.push(frame)
        const to = from === 'a' ? 'b' : 'a'
        if (this.#isOld && to === 'b' && isBrief(heard)) throw new Error(`${heard.kind} cannot be read by b`)
        return this.#step(to, { type: 'message', from: peerOf(from), message: heard })
      })
      if (deepest > 10_000) throw new Error('the two do not come to an end')
    }
    const bytes = frames.reduce((sum, frame) => sum + frame.bytes, 0)
    const inRecords = frames.reduce((sum, frame) => sum + frame.records, 0)
    const records = frames.reduce((sum, frame) => sum + frame.count, 0)
    return { frames, beside: bytes - inRecords, records, roundTrips: Math.ceil(deepest / 2) }
  }

  /** Hub a's next sync interval. */
  #ticked(): Letter[] {
    for (;;) {
      this.#now = Math.max(this.#now, this.a.deadline())
      const sent = this.#step('a', { type: 'tick' })
      if (sent.length > 0) return sent
    }
  }

  #step(name: 'a' | 'b', input: Parameters<Catalog['step']>[0]): Letter[] {
    const catalog = this[name]
    const out: Letter[] = []
    for (const effect of catalog.step(input, at(this.#now))) {
      if (effect.type === 'send') out.push({ from: name, message: effect.message })
      if (effect.type === 'persist') out.push(...this.#step(name, { type: 'persisted', token: effect.token, ok: true }))
      if (effect.type === 'change' && effect.change.type === 'dropped') this.dropped.push(effect.change.reason)
    }
    return out
  }
}

function catalogOf(name: string, held: Holdings): Catalog {
  const options = {
    hub: hubId(name),
    peer: unprovedHead(name).peer,
    federation: 'test',
    sign: testKeys(unprovedHead(name).peer).sign,
    hashing: testHashing,
    keyOf: () => undefined,
    isCredulous: true,
    random: new Random(1),
    maxClockDriftMs: 30_000,
    syncIntervalMs: 10_000,
    maxSliceRecords: 10_000,
    lostOwn: undefined,
    reserve: [],
    removalRetentionMs: 1e12,
    sureWall: wallStart,
    isReturning: false,
  }
  return new Catalog({ ...options, slices: [...held].map(([hub, version]) => sliceOf(hub, version)) }, at(0))
}

function withoutBrief(message: CatalogMessage): CatalogMessage {
  if (message.kind !== 'catalog.sketch' && message.kind !== 'catalog.doubt') return message
  const { brief: _, ...body } = message.body
  return { ...message, body } as CatalogMessage
}

function isBrief({ body }: CatalogMessage): boolean {
  const rows: readonly unknown[] = [...('at' in body ? [body.at] : []), ...('seqs' in body ? [body.seqs] : [])]
  return rows.some((row) => row instanceof Uint8Array)
}

/** By the real codec and the real schema, as between processes. */
function carried({ kind, body }: CatalogMessage): { frame: Frame; heard: CatalogMessage } {
  const bytes = cborCodec.encode(seal(kind, body))
  const parsed = parse(kinds, cborCodec.decode(bytes))
  if (!parsed.ok) throw new Error(`${kind} is ${parsed.reason}`)
  const heard = { kind, body: parsed.value.body } as CatalogMessage
  const records = recordsOf(heard)
  // C10: a slice's records travel with its head, whatever they were found by.
  const inRecords = [...records, ...headsOf(heard)].reduce((sum, said) => sum + cborCodec.encode(said).length, 0)
  return { frame: { kind, bytes: bytes.length + headBytes, records: inRecords, count: records.length }, heard }
}

function recordsOf({ kind, body }: CatalogMessage): CatalogRecord[] {
  if (kind === 'catalog.part') return body.parts.flatMap(({ records }) => records)
  return kind === 'catalog.runs' ? body.records.flat() : []
}

function headsOf({ kind, body }: CatalogMessage): Head[] {
  if (kind === 'catalog.part') return body.parts.flatMap(({ head }) => head ?? [])
  return kind === 'catalog.runs' ? body.heads : []
}

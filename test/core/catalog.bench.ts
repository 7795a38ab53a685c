// One catalog under test, named `me`, whose clock, disk and peers the test plays by hand.

import { Catalog } from '../../src/core/catalog/catalog.ts'
import type { Stamp } from '../../src/core/catalog/hlc.ts'
import type { CatalogMessage, ListedVersion, PartBody, WantBody } from '../../src/core/catalog/messages.ts'
import type { CatalogChange, CatalogInput, CatalogProtocol, Strategy } from '../../src/core/catalog/protocol.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import type { Epoch, Run, Slice } from '../../src/core/catalog/slice.ts'
import type { LostSlice } from '../../src/core/catalog/stored.ts'
import type { Write } from '../../src/core/catalog/writes.ts'
import type { CallId, Effect, StoreOp } from '../../src/core/machine.ts'
import { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import { at, hubId, peerOf, testHashing, testKeys, wallStart } from './kit.ts'

type Out = Effect<CatalogProtocol>
type Persist = Out & { readonly type: 'persist' }
type Of<K extends CatalogMessage['kind']> = Extract<CatalogMessage, { kind: K }>['body']

export const syncIntervalMs = 10_000
export const maxClockDriftMs = 30_000
export const removalRetentionMs = 3_600_000
export const epochOfB: Epoch = [1, 'bb']

/** A stamp of that many milliseconds after the test began. */
export function stamp(ms: Millis, hub = 'b'): Stamp {
  return [wallStart + ms, 0, hubId(hub)]
}

export function record(key: string, seq: number, ms: Millis = seq): CatalogRecord {
  return { kind: 'project', key, seq, fields: { life: [true, stamp(ms)] } }
}

/** A run of hub b's slice. */
export function runOfB(
  [from, to]: readonly [number, number],
  records: CatalogRecord[],
  epoch = epochOfB,
): Of<'catalog.delta'> {
  const head = { peer: peerOf('b'), horizon: 0, root: 'unproved', signature: 'unproved' }
  return { hub: hubId('b'), epoch, from, to, records, head }
}

export function digestBody(digest: string, reply = false): CatalogMessage {
  return { kind: 'catalog.digest', body: { digest, reply } }
}

export function listBody(versions: readonly ListedVersion[]): CatalogMessage {
  return { kind: 'catalog.versions', body: { versions: [...versions], last: true, reply: false } }
}

/** A run as the only part of an answer. */
export function partOf(run: Run): CatalogMessage {
  const { source: _, ...body } = run
  return partsOf({ ...body, after: run.from, records: [...run.records], done: true })
}

export function partsOf(...parts: PartBody[]): CatalogMessage {
  return { kind: 'catalog.part', body: { parts } }
}

export function wantOf(...wants: WantBody[]): CatalogMessage {
  return { kind: 'catalog.want', body: { wants } }
}

/** Its peers are believed: what heads are for stands in tests of its own. */
export class Bench {
  readonly catalog: Catalog
  now: Millis = 0
  #calls = 0
  #asleepMs: Millis = 0

  constructor(
    options: {
      slices?: readonly Slice[]
      lostOwn?: LostSlice
      maxSliceRecords?: number
      isReturning?: boolean
      reserve?: readonly Slice[]
      strategy?: Strategy
    } = {},
  ) {
    const { slices = [], lostOwn, maxSliceRecords = 100, strategy = 'hybrid' } = options
    const retention = { removalRetentionMs, sureWall: wallStart, isReturning: options.isReturning === true }
    const { reserve = [] } = options
    const random = new Random(1)
    const hub = hubId('me')
    const { sign } = testKeys(peerOf('me'))
    const own = { peer: peerOf('me'), federation: 'test', sign, hashing: testHashing }
    const heads = { ...own, keyOf: () => undefined, isCredulous: true }
    this.catalog = new Catalog(
      {
        ...{ hub, random, maxClockDriftMs, syncIntervalMs, maxSliceRecords, slices, lostOwn, reserve, strategy },
        ...{ ...retention, ...heads },
      },
      at(0),
    )
  }

  /** Alone, and its first epoch durable. */
  static opened(options: ConstructorParameters<typeof Bench>[0] = {}): Bench {
    const bench = new Bench(options)
    bench.step({ type: 'alone' })
    bench.persisted(true)
    return bench
  }

  step(input: CatalogInput): readonly Out[] {
    const { mono, wall } = at(this.now)
    const effects = this.catalog.step(input, { mono: mono - this.#asleepMs, wall })
    return effects.flatMap((effect) => (effect.type === 'sign' ? this.#sign(effect.text) : [effect]))
  }

  #sign(text: string): readonly Out[] {
    return this.step({ type: 'signed', signature: testKeys(peerOf('me')).sign(text) })
  }

  /** So much of the time that has passed the machine was down or asleep: the monotonic clock knows nothing of it. */
  sleep(ms: Millis): void {
    this.#asleepMs = ms
  }

  hear(message: CatalogMessage, from = 'b'): readonly Out[] {
    return this.step({ type: 'message', from: peerOf(from), message })
  }

  link(name = 'b'): readonly Out[] {
    return this.step({ type: 'link-up', peer: peerOf(name) })
  }

  delta(run: Of<'catalog.delta'>): readonly Out[] {
    return this.hear({ kind: 'catalog.delta', body: run })
  }

  write(...writes: Write[]): readonly Out[] {
    return this.submit(++this.#calls, writes)
  }

  submit(call: CallId, writes: readonly Write[], extra: readonly StoreOp[] = []): readonly Out[] {
    return this.step({ type: 'write', call, writes, extra })
  }

  /** The disk answers the own batch, or the one of other slices. */
  persisted(ok: boolean, token = 1): readonly Out[] {
    return this.step({ type: 'persisted', token, ok })
  }

  /** Lets time pass, ticking at every deadline, and returns what was done on the way. */
  pass(ms: Millis): Out[] {
    const until = this.now + ms
    const effects: Out[] = []
    for (let next = this.catalog.deadline(); next <= until; next = this.catalog.deadline()) {
      this.now = Math.max(this.now, next)
      effects.push(...this.step({ type: 'tick' }))
    }
    this.now = until
    return effects
  }

  has(key: string): boolean {
    return this.catalog.replicas.joined(`project/${key}`).fields['life'] !== undefined
  }

  seq(hub = 'me'): number | undefined {
    return this.catalog.replicas.slice(hubId(hub))?.version.seq
  }
}

export function sends<K extends CatalogMessage['kind']>(effects: readonly Out[], kind: K): Of<K>[] {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.kind === kind ? [effect.message.body as Of<K>] : [],
  )
}

export function published(effects: readonly Out[]): Of<'catalog.delta'>[] {
  return effects.flatMap((effect) =>
    effect.type === 'publish' && effect.message.kind === 'catalog.delta' ? [effect.message.body] : [],
  )
}

export function persists(effects: readonly Out[], synced: boolean): Persist[] {
  return effects.flatMap((effect) => (effect.type === 'persist' && effect.synced === synced ? [effect] : []))
}

export function replies(effects: readonly Out[]): unknown[] {
  return effects.flatMap((effect) => (effect.type === 'reply' ? [[effect.call, effect.result]] : []))
}

export function changes<T extends CatalogChange['type']>(
  effects: readonly Out[],
  type: T,
): Extract<CatalogChange, { type: T }>[] {
  return effects.flatMap((effect) =>
    effect.type === 'change' && effect.change.type === type
      ? [effect.change as Extract<CatalogChange, { type: T }>]
      : [],
  )
}

/** When a catalog with nothing else to do wants to be woken: by its collector, every minute (C14). */
export const idleMs = 60_000

// Two halves that were apart for an hour, a tenth of each hub's entries changed, one at least, meet again: how many rounds until all
// hold the same, and what that moves beside the records and heads that were missing. Catalogs alone, the real codec between them, every
// message a tenth of a round on its way; each hub is linked to its neighbours on four rings, as in a pool (H6).

import { cborCodec } from '../../src/adapters/codec.ts'
import { Catalog } from '../../src/core/catalog/catalog.ts'
import type { CatalogMessage } from '../../src/core/catalog/messages.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { Slice } from '../../src/core/catalog/slice.ts'
import { Random } from '../../src/core/random.ts'
import { hour, type Millis, minute, second } from '../../src/core/time.ts'
import { seal } from '../../src/core/wire.ts'
import { unprovedHead } from '../../test/core/catalog.heads.ts'
import { at, hubId, peerOf, testHashing, testKeys, wallStart } from '../../test/core/kit.ts'
import type { Report, Row } from '../row.ts'

/** Hubs and entries of each: one process holds all of their catalogs, and takes some 6 GB for it. */
const sizes = [
  { hubs: 1_000, entries: 4 },
  { hubs: 100, entries: 1_000 },
] as const
const rings = 4
const changedShare = 0.1
const roundMs: Millis = second
const hopMs: Millis = roundMs / 10
const targetRounds = 10
const targetRatio = 1.5

export async function healed(): Promise<Report> {
  return { rows: sizes.flatMap(({ hubs, entries }) => rowsOf(new Halves(hubs, entries))), text: [] }
}

function rowsOf(halves: Halves): Row[] {
  const { what, missing } = halves
  const { rounds, bytes } = halves.meet()
  const ratio = bytes / missing
  return [
    {
      what: `${what}: equal`,
      measured: `${rounds.toFixed(1)} rounds`,
      target: `≤ ${targetRounds} rounds`,
      isMet: rounds <= targetRounds,
    },
    {
      what: `${what}: bytes of those missing`,
      measured: `${ratio.toFixed(2)}x`,
      target: `≤ ${targetRatio}x`,
      isMet: ratio <= targetRatio,
    },
  ]
}

class Halves {
  readonly what: string
  /** Bytes of the records and heads that hubs lack, each counted at each hub that lacks it. */
  readonly missing: number
  readonly #names: readonly string[]
  readonly #catalogs: readonly Catalog[]
  readonly #links: readonly (readonly [number, number])[]
  readonly #byPeer: ReadonlyMap<string, number>
  #bytes = 0
  #now: Millis = hour

  constructor(hubs: number, entries: number) {
    const random = new Random(hubs)
    const changing = Math.ceil(entries * changedShare)
    this.what = `${hubs} hubs x ${entries}, ${changing} of ${entries} changed at each`
    this.#names = Array.from({ length: hubs }, (_, i) => `hub-${i}`)
    this.#byPeer = new Map(this.#names.map((name, i) => [peerOf(name), i]))
    const half = hubs / 2
    const said = this.#names.map((name) => written(name, entries, new Set()))
    const changes = this.#names.map(() => new Set(random.sample([...Array(entries).keys()], changing)))
    const later = this.#names.map((name, i) => written(name, entries, changes[i] ?? new Set()))
    const changed = later.flat().filter(({ seq }) => seq > entries)
    const lacking = [...changed, ...this.#names.map(unprovedHead)]
    this.missing = half * lacking.reduce((sum, said) => sum + cborCodec.encode(said).length, 0)
    this.#catalogs = this.#names.map((_, me) =>
      catalogOf(this.#names, (i) => (i < half === me < half ? later[i] : said[i]) ?? [], me),
    )
    this.#links = linksOf(hubs, random)
  }

  /** Every link comes up at once; until all digests are the same. */
  meet(): { readonly rounds: number; readonly bytes: number } {
    const from = this.#now
    let waiting = this.#links.flatMap(([a, b]) => [...this.#up(a, b), ...this.#up(b, a)])
    while (new Set(this.#catalogs.map((catalog) => catalog.replicas.digest())).size > 1) {
      if (this.#now - from > 5 * minute) return { rounds: Number.POSITIVE_INFINITY, bytes: this.#bytes }
      this.#now += hopMs
      const due = waiting
      waiting = due.flatMap(({ from, to, message }) =>
        this.#step(to, { type: 'message', from: peerOf(this.#names[from] ?? ''), message }),
      )
      for (const [i, catalog] of this.#catalogs.entries()) {
        if (catalog.deadline() <= at(this.#now).mono) waiting.push(...this.#step(i, { type: 'tick' }))
      }
    }
    return { rounds: (this.#now - from) / roundMs, bytes: this.#bytes }
  }

  #up(a: number, b: number): Letter[] {
    return this.#step(a, { type: 'link-up', peer: peerOf(this.#names[b] ?? '') })
  }

  #step(i: number, input: Parameters<Catalog['step']>[0]): Letter[] {
    const out: Letter[] = []
    for (const effect of this.#catalogs[i]?.step(input, at(this.#now)) ?? []) {
      if (effect.type === 'persist') out.push(...this.#step(i, { type: 'persisted', token: effect.token, ok: true }))
      if (effect.type !== 'send') continue
      this.#bytes += cborCodec.encode(seal(effect.message.kind, effect.message.body)).length + 4
      out.push({ from: i, to: this.#byPeer.get(effect.to) ?? 0, message: effect.message })
    }
    return out
  }
}

interface Letter {
  readonly from: number
  readonly to: number
  readonly message: CatalogMessage
}

/** What a hub has written: each entry once, then the changed ones once more. */
function written(name: string, entries: number, changed: ReadonlySet<number>): CatalogRecord[] {
  const record = (i: number, seq: number): CatalogRecord => {
    const key = `${name}-p${i}`
    const values = {
      life: true,
      name: `Project ${i}`,
      hub_url: `https://${name}.example.org/${i}/${seq}`,
      mesh_namespace: `hub.${key}`,
    }
    const fields = Object.entries(values).map(([field, value]) => [
      field,
      [value, [wallStart - hour + seq, 0, hubId(name)]],
    ])
    return { kind: 'project', key, seq, fields: Object.fromEntries(fields) }
  }
  const all = [...Array(entries).keys()]
  const unchanged = all.filter((i) => !changed.has(i)).map((i) => record(i, i + 1))
  return [...unchanged, ...[...changed].map((i, nth) => record(i, entries + nth + 1))]
}

function catalogOf(names: readonly string[], said: (i: number) => readonly CatalogRecord[], me: number): Catalog {
  const slices = names.map((name, i) => {
    const records = said(i)
    const slice = new Slice(hubId(name), { epoch: [1, 'splitted'], seq: 0 })
    const to = Math.max(...records.map(({ seq }) => seq))
    slice.extend({
      hub: hubId(name),
      epoch: [1, 'splitted'],
      from: 0,
      to,
      records: [...records],
      head: unprovedHead(name),
    })
    return slice
  })
  const options = { maxClockDriftMs: 30_000, syncIntervalMs: 10_000, maxSliceRecords: 20_000 }
  const start = { lostOwn: undefined, reserve: [] }
  const name = names[me] ?? ''
  const { peer } = unprovedHead(name)
  const { sign } = testKeys(peer)
  const believed = { peer, federation: 'bench', sign, hashing: testHashing, keyOf: () => undefined }
  const retention = { removalRetentionMs: 30 * 24 * hour, sureWall: wallStart, isReturning: false }
  return new Catalog(
    {
      ...{ hub: hubId(name), random: new Random(me + 1), slices, isCredulous: true },
      ...{ ...options, ...start, ...retention, ...believed },
    },
    at(hour),
  )
}

function linksOf(hubs: number, random: Random): (readonly [number, number])[] {
  const links = new Map<string, readonly [number, number]>()
  for (let ring = 0; ring < rings; ring++) {
    const order = random.shuffle([...Array(hubs).keys()])
    order.forEach((a, i) => {
      const b = order[(i + 1) % hubs] ?? 0
      if (a !== b) links.set([Math.min(a, b), Math.max(a, b)].join(' '), [a, b])
    })
  }
  return [...links.values()]
}

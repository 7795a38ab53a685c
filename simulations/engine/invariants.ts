// The numbered invariants of docs/ALGORITHMS.md, looked up in the hubs themselves while they run. The checker sees what no
// hub can: all of them at one moment. What it finds is a defect, however unlucky the seed.

import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import type { Replicas } from '../../src/core/catalog/replicas.ts'
import type { Slice, Version } from '../../src/core/catalog/slice.ts'
import { canonical } from '../../src/core/hash.ts'
import type { HubId } from '../../src/core/ids.ts'
import type { HubChange } from '../../src/hub/effects.ts'
import type { Hub } from '../../src/hub/hub.ts'
import { textMark } from './trace.ts'

export interface Violation {
  /** The invariant's number. */
  readonly invariant: string
  readonly detail: string
}

/** Contents remembered for one slice: versions older than this are not compared any more. */
const rememberedVersions = 500

export class Invariants {
  readonly violations: Violation[] = []
  /** The highest incarnation each hub ever gave itself. */
  readonly #incarnations = new Map<HubId, number>()
  /** hub and epoch → how far the author itself has come. */
  readonly #authored = new Map<string, number>()
  /** hub → version → content. */
  readonly #contents = new Map<HubId, Map<string, { readonly content: number; readonly at: HubId }>>()
  /** What was already compared, so that only what changed is hashed. */
  readonly #compared = new WeakMap<Slice, Version>()
  /** A record never changes: hundreds of hubs hold the one that they were told in one publication. */
  readonly #marks = new WeakMap<CatalogRecord, number>()
  readonly #digests = new WeakMap<Replicas, string>()

  /** Looks at the hubs as authors: before any of them is looked at as a reader, and before one ends. */
  author(hub: Hub): void {
    const { hub: id } = hub.info
    const known = this.#incarnations.get(id) ?? 0
    if (hub.incarnation < known) this.#fail('M1', `${id} fell from incarnation ${known} to ${hub.incarnation}`)
    this.#incarnations.set(id, Math.max(known, hub.incarnation))
    const own = hub.catalog.replicas.slice(id)?.version
    if (own === undefined) return
    const key = historyOf(id, own.epoch)
    const authored = this.#authored.get(key) ?? 0
    if (own.seq < authored)
      this.#fail('C12', `${id} stands at ${own.seq} of epoch ${own.epoch}, and stood at ${authored}`)
    this.#authored.set(key, Math.max(authored, own.seq))
  }

  /** Looks at what a hub believes and holds of the others. */
  reader(hub: Hub): void {
    const { hub: id } = hub.info
    const { replicas } = hub.catalog
    for (const swim of hub.pools) for (const [of, member] of swim.members()) this.#believed(id, of, member.incarnation)
    for (const [of, verdict] of hub.hierarchy.foreign()) this.#believed(id, of, verdict.incarnation)
    // C11: a hub whose digest is the one of the last look has not moved in any slice.
    const digest = replicas.digest()
    if (this.#digests.get(replicas) === digest) return
    this.#digests.set(replicas, digest)
    for (const slice of replicas.slices()) this.#held(id, slice)
  }

  /** Looks at one change. */
  change(at: HubId, change: HubChange): void {
    if (change.type !== 'member' || change.previous !== undefined || change.member.status === 'alive') return
    this.#fail('M2', `${at} first heard of ${change.member.info.hub} as ${change.member.status}`)
  }

  #believed(at: HubId, of: HubId, incarnation: number): void {
    const own = this.#incarnations.get(of) ?? 0
    if (incarnation > own)
      this.#fail('M1', `${at} believes ${of} at incarnation ${incarnation}, which itself is at ${own}`)
  }

  #held(at: HubId, slice: Slice): void {
    const { version } = slice
    const { epoch, seq } = version
    const compared = this.#compared.get(slice)
    // An author only ever goes forward: what it had written then it has written now.
    if (compared?.epoch === epoch && compared.seq === seq) return
    this.#compared.set(slice, version)
    const authored = this.#authored.get(historyOf(slice.hub, epoch))
    if (authored === undefined) this.#fail('C3', `${at} holds epoch ${epoch} of ${slice.hub}, which never opened it`)
    else if (seq > authored) this.#fail('C12', `${at} holds ${seq} of ${slice.hub}, which has written ${authored}`)
    this.#compare(at, slice, `${epoch[0]} ${epoch[1]} ${seq}`)
  }

  /** C9: at the same version two replicas hold the same. */
  #compare(at: HubId, slice: Slice, version: string): void {
    const contents = this.#contents.get(slice.hub) ?? new Map()
    this.#contents.set(slice.hub, contents)
    const content = this.#contentOf(slice)
    const known = contents.get(version)
    if (known === undefined) {
      contents.set(version, { content, at })
      const oldest = contents.keys().next().value
      if (contents.size > rememberedVersions && oldest !== undefined) contents.delete(oldest)
    } else if (known.content !== content) {
      this.#fail('C9', `${at} and ${known.at} hold different content of ${slice.hub} at ${version}`)
    }
  }

  /** A fingerprint of the records; enough to tell different ones apart, where nobody forges any. */
  #contentOf(slice: Slice): number {
    let mark = 0
    for (const record of slice.records()) {
      const known = this.#marks.get(record) ?? textMark(canonical(record))
      this.#marks.set(record, known)
      mark = Math.imul(mark, 31) + known
    }
    return mark
  }

  #fail(invariant: string, detail: string): void {
    // One broken rule breaks a thousand times; the first times say enough.
    if (this.violations.length < 20) this.violations.push({ invariant, detail })
  }
}

function historyOf(hub: HubId, epoch: Slice['version']['epoch']): string {
  return `${hub} ${epoch[0]} ${epoch[1]}`
}

// C11: two hubs find out where they differ, at a cost that follows how much they do. Equal hubs exchange one fingerprint. Hubs
// that hold the same slices, some further, tell that by a sketch of their seqs: first a short one, which tells few
// differences; then one as long as the number of differences asks for; then all seqs. Hubs that hold different slices list
// them by name. What a sketch said is believed when it explains the other's fingerprint.

import type { PeerId } from '../ids.ts'
import { type Millis, type Now, second } from '../time.ts'
import { Told } from '../told.ts'
import type { Census } from './census.ts'
import { differencesBehind, marksOf } from './estimate.ts'
import { type Lack, lackingIn } from './lack.ts'
import {
  type CatalogMessage,
  type DigestBody,
  type DoubtBody,
  type ListedVersion,
  maxRow,
  maxSketchBytes,
  maxVersions,
  type Outgoing,
  type SeqsBody,
  type SketchBody,
  type VersionsBody,
} from './messages.ts'
import { seqsBody, seqsIn, seqsOf, versionsAt } from './places.ts'
import { isSameRoster, type Roster } from './roster.ts'
import { differences, isAffordable, sketchOf, symbolBytes } from './sketch.ts'

/** What became known of a peer. */
export interface Found {
  /** What it holds, where that may be another version than the own one. */
  readonly theirs: readonly ListedVersion[]
  /** Own versions that it does not hold so far, and where it stands in that epoch. */
  readonly lacking: readonly Lack[]
  /** Whether the peer asked to be told of these. */
  readonly isAsked: boolean
  /** Whether no other peer is likely to be compared with the same one at this moment. */
  readonly isSole: boolean
}

export interface Compared {
  readonly send: readonly Outgoing[]
  /** The digest of all that the peer holds. */
  readonly digest?: string
  readonly found?: Found
  /** A summary that was not asked for, or tells nothing: an honest peer's seldom is. */
  readonly isWorthless?: boolean
}

/** What a peer was asked last: its digest's answer, a sketch of the length needed, or all seqs. */
interface Question {
  readonly step: 'digest' | 'doubt' | 'whole'
  readonly digest: string
  readonly at: Millis
  readonly isSole: boolean
}

/** Most versions taken from one peer's list. */
const maxListed = maxRow
/** Differences that the first sketch tells: with the messages around it a single one costs some 200 bytes. */
const firstDifferences = 4
/** What was told or asked longer ago may have been lost. */
const repeatMs = 2 * second
/** Bytes of a seq in a row of seqs, more or less; a sketch that is longer is worth nothing. */
const seqBytes = 2.5

const silence: Compared = { send: [] }

export class Comparison {
  readonly #roster: Roster
  readonly #census: Census
  /** Lists of what is held here, long sketches and rows of seqs that were told, by the digest of it. */
  readonly #told = new Told(repeatMs)
  readonly #sketched = new Told(repeatMs)
  readonly #whole = new Told(repeatMs)
  readonly #questions = new Map<PeerId, Question>()
  readonly #brief = new Set<PeerId>()
  /** Parts of a long list of versions, until its last message. */
  readonly #listing = new Map<PeerId, ListedVersion[]>()

  constructor(roster: Roster, census: Census) {
    this.#roster = roster
    this.#census = census
  }

  /** Whether a peer has said that it reads rows as bytes. */
  isBrief(peer: PeerId): boolean {
    return this.#brief.has(peer)
  }

  drop(peer: PeerId): void {
    this.#brief.delete(peer)
    this.#told.forget(peer)
    this.#sketched.forget(peer)
    this.#whole.forget(peer)
    this.#questions.delete(peer)
    this.#listing.delete(peer)
  }

  /** `isSole`: no other peer is asked at this moment. */
  ask(peer: PeerId, now: Now, isSole = false): Outgoing {
    const digest = this.#roster.digest()
    this.#questions.set(peer, { step: 'digest', digest, at: now.mono, isSole })
    return this.#digest(peer, true, now)
  }

  /** `isOpen`: whether this hub holds a slice of its own; before, it wants to hear of everything by name (C13). */
  digest(from: PeerId, body: DigestBody, { now, isOpen }: { now: Now; isOpen: boolean }): Compared {
    const { digest } = body
    const own = this.#roster.digest()
    const asked = this.#questions.get(from)
    if (!body.reply) this.#questions.delete(from)
    if (digest === own) {
      const send = body.reply ? [this.#digest(from, false, now)] : []
      return { send, digest, found: { theirs: [], lacking: [], isAsked: false, isSole: false } }
    }
    // Both ends of a new link ask at once: one of them is enough.
    const isCrossing = asked?.digest === own && now.mono - asked.at <= repeatMs
    if (body.reply && isCrossing && own > digest) return { send: [], digest }
    if (!isOpen || !isSameRoster(digest, own)) return { send: this.#list(from, now), digest }
    const row = this.#row()
    if (row.length <= 2 * firstDifferences || !isAffordable(row.length, firstDifferences)) {
      return { send: [this.#seqs(from, row)], digest }
    }
    return { send: [this.#sketch(from, sketchOf(row, firstDifferences))], digest }
  }

  sketch(from: PeerId, { digest, symbols, brief }: SketchBody, now: Now): Compared {
    if (brief === true) this.#brief.add(from)
    const own = this.#roster.digest()
    const asked = this.#questions.get(from)
    const count = symbols.length / (2 * symbolBytes)
    const isSole = asked?.isSole === true
    // Reading a long one is work: only what was asked for is read.
    if (count > firstDifferences && asked?.step !== 'doubt') return { send: [], digest, isWorthless: true }
    this.#questions.delete(from)
    if (digest === own) return { ...silence, digest }
    if (!isSameRoster(digest, own)) return { send: this.#list(from, now), digest }
    const row = this.#row()
    const told = isAffordable(row.length, count) ? differences(symbols, row) : undefined
    const found = told && this.#explained(digest, told, isSole)
    if (found !== undefined) return { send: [], digest, found }
    const isLong = count > firstDifferences
    const marks = isLong ? new Uint8Array(0) : marksOf(row)
    this.#questions.set(from, { step: isLong ? 'whole' : 'doubt', digest: own, at: now.mono, isSole })
    return { send: [say(from, { kind: 'catalog.doubt', body: { marks, brief: true } })], digest, isWorthless: isLong }
  }

  /** Of whatever row the marks are: what is sent says of which roster it is. */
  doubt(from: PeerId, { marks, brief }: DoubtBody, now: Now): Compared {
    if (brief === true) this.#brief.add(from)
    const own = this.#roster.digest()
    // Making these is work, too: one of each for a peer within the time.
    if (this.#whole.has(from, own, now.mono)) return { send: [], isWorthless: true }
    const row = this.#row()
    const count = this.#sketched.has(from, own, now.mono)
      ? Number.POSITIVE_INFINITY
      : differencesBehind(marks, marksOf(row))
    const most = Math.min(maxSketchBytes, seqBytes * row.length)
    if (2 * symbolBytes * count > most || !isAffordable(row.length, count)) {
      this.#whole.note(from, own, now.mono)
      return { send: [this.#seqs(from, row)] }
    }
    this.#sketched.note(from, own, now.mono)
    return { send: [this.#sketch(from, sketchOf(row, count), true)] }
  }

  /** All seqs of the peer, or those that it found to be further than here. */
  seqs(from: PeerId, body: SeqsBody, now: Now): Compared {
    const { digest } = body
    const own = this.#roster.digest()
    if (body.seqs instanceof Uint8Array) this.#brief.add(from)
    if (digest === own) return { ...silence, digest }
    const versions = this.#roster.versions()
    if (!isSameRoster(digest, own)) return { send: this.#list(from, now), digest }
    const said = seqsIn(body)
    if (said?.at !== undefined) {
      const theirs = versionsAt(said, this.#roster)
      if (theirs === undefined) return { send: [], digest, isWorthless: true }
      return { send: [], digest, found: { theirs, lacking: [], isAsked: false, isSole: false } }
    }
    const seqs = said?.seqs ?? []
    const isSole = this.#questions.get(from)?.isSole === true
    this.#questions.delete(from)
    const told = new Map<number, number>()
    for (const [place, [, , seq]] of versions.entries()) {
      const difference = (seqs[place] ?? 0) - seq
      if (difference !== 0) told.set(place, difference)
    }
    const found = seqs.length === versions.length ? this.#explained(digest, told, isSole) : undefined
    if (found !== undefined) return { send: [], digest, found }
    return { send: this.#list(from, now), digest, isWorthless: true }
  }

  /** A list of names: of everything, or of what answers such a list. */
  versions(from: PeerId, { versions, last, reply, digest }: VersionsBody, now: Now): Compared {
    const listed = [...(this.#listing.get(from) ?? []), ...versions].slice(0, maxListed)
    this.#listing.set(from, listed)
    if (!last) return silence
    this.#listing.delete(from)
    this.#questions.delete(from)
    const isTold = !reply || this.#told.has(from, this.#roster.digest(), now.mono)
    const lacking = isTold ? [] : lackingIn(listed, this.#roster.versions())
    return {
      send: [],
      found: { theirs: listed, lacking, isAsked: !isTold, isSole: false },
      ...(digest === undefined ? {} : { digest }),
    }
  }

  /** What a peer that listed all it holds is to hear of, by name. */
  answer(to: PeerId, versions: readonly ListedVersion[]): Outgoing[] {
    return this.#listed(to, versions, false)
  }

  /** The same, to a peer in the same roster. */
  offer(to: PeerId, versions: readonly ListedVersion[]): Outgoing {
    const digest = this.#roster.digest()
    return say(to, { kind: 'catalog.seqs', body: seqsBody(digest, seqsOf(versions, this.#roster), this.isBrief(to)) })
  }

  /** What the differences come to, if they are all there are: then they make the own digest the peer's. */
  #explained(digest: string, told: ReadonlyMap<number, number>, isSole: boolean): Found | undefined {
    const versions = this.#roster.versions()
    const changes: (readonly [ListedVersion, ListedVersion])[] = []
    for (const [place, difference] of told) {
      const own = versions[place]
      if (own === undefined || own[2] + difference <= 0) return undefined
      changes.push([own, [own[0], own[1], own[2] + difference]])
    }
    if (this.#roster.digestWith(changes) !== digest) return undefined
    const theirs = changes.flatMap(([own, other]) => (other[2] > own[2] ? [other] : []))
    const lacking = changes.flatMap(([own, other]) => (other[2] < own[2] ? [{ version: own, have: other[2] }] : []))
    return { theirs, lacking, isAsked: false, isSole }
  }

  /** C17: what is told of others goes along. */
  #digest(to: PeerId, reply: boolean, { mono }: Now): Outgoing {
    const digest = this.#roster.digest()
    this.#census.hold(digest, mono)
    const held = this.#census.tell(mono)
    return say(to, { kind: 'catalog.digest', body: { digest, reply, ...(held.length === 0 ? {} : { held }) } })
  }

  #row(): number[] {
    return this.#roster.versions().map(([, , seq]) => seq)
  }

  /** `isLong`: one that was asked for, by a peer that may be told what else it may say. */
  #sketch(to: PeerId, symbols: Uint8Array, isLong = false): Outgoing {
    const body = { digest: this.#roster.digest(), symbols, ...(isLong ? { brief: true } : {}) }
    return say(to, { kind: 'catalog.sketch', body })
  }

  #seqs(to: PeerId, row: readonly number[]): Outgoing {
    return say(to, { kind: 'catalog.seqs', body: seqsBody(this.#roster.digest(), { seqs: row }, this.isBrief(to)) })
  }

  #list(to: PeerId, now: Now): Outgoing[] {
    this.#told.note(to, this.#roster.digest(), now.mono)
    return this.#listed(to, this.#roster.versions(), true)
  }

  #listed(to: PeerId, all: readonly ListedVersion[], reply: boolean): Outgoing[] {
    const out: Outgoing[] = []
    const digest = this.#roster.digest()
    for (let from = 0; from === 0 || from < all.length; from += maxVersions) {
      const last = from + maxVersions >= all.length
      out.push(
        say(to, {
          kind: 'catalog.versions',
          body: { versions: all.slice(from, from + maxVersions), last, reply, digest },
        }),
      )
    }
    return out
  }
}

function say(to: PeerId, message: CatalogMessage): Outgoing {
  return { type: 'send', to, message }
}

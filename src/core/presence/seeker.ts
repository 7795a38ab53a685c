// What this hub holds otherwise than others do, and whom it asks for it. A mark says that something differs, not what: the
// section is fetched whole, from its home where that is linked, else from any linked peer that holds what the mark is of. So
// what gossip lost spreads from hub to hub along the links. Bounded: so many leases are under way at once, so many questions
// are asked for one section, then the next refresh begins anew.

import type { HubId, PeerId } from '../ids.ts'
import type { Effect } from '../machine.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import { type LeasesBody, maxSection, maxWanted, type Section, type SlugRange } from './messages.ts'
import type { Others } from './others.ts'
import type { PresenceProtocol } from './protocol.ts'
import type { LeaseTable } from './table.ts'

type Effects = Effect<PresenceProtocol>[]

/** What is missing may have been overtaken and come by itself. */
const patienceMs: Millis = 0.5 * second
/** No answer for so long is none. */
const answerMs: Millis = 3 * second
/** After a peer that holds something else, too. */
const nextMs: Millis = 0.2 * second
/** Questions for one section before the next refresh brings it up again. */
const maxTries = 6
/** Leases under way at once: what a link's lane takes, and what takes a hub 50 ms to read. */
const maxUnderWay = 2 * maxSection
/** Far more than a federation has homes. */
const maxWants = 20_000

interface Want {
  readonly section: Section
  /** The home itself said so, and what it does not name is gone. */
  readonly isSure: boolean
  readonly tries: number
  /** When to ask next, monotonic. */
  readonly at: Millis
  /** Who was asked last, and may still answer. */
  readonly asked?: PeerId
  /** Who said that it has it. */
  readonly holder?: PeerId
}

interface Offered {
  /** This hub while it takes leases back; undefined later. */
  readonly self: HubId | undefined
  readonly now: Now
  readonly out: Effects
}

export class Seeker {
  readonly #held: LeaseTable
  readonly #others: Others
  readonly #random: Random
  /** By home and where the section begins. */
  readonly #wants = new Map<string, Want>()
  #nextAt: Millis = never

  constructor(parts: { readonly held: LeaseTable; readonly others: Others; readonly random: Random }) {
    this.#held = parts.held
    this.#others = parts.others
    this.#random = parts.random
  }

  deadline(): Millis {
    return this.#nextAt
  }

  /** P6: the home said that it holds something else. */
  missed({ home, rev, covers, mark, count }: Section, now: Now): void {
    const section = { home, rev, covers, mark, count }
    const key = keyOf(home, covers)
    const known = this.#wants.get(key)
    const isUnderWay = known?.section.mark === mark && known.isSure
    if (isUnderWay) return
    const at = now.mono + patienceMs * (1 + this.#random.real())
    this.#want(key, { section, isSure: true, tries: 0, at })
  }

  /** A peer says what it holds: over a new link, or because it was asked for something else. */
  offered(sections: readonly Section[], from: PeerId, { self, now, out }: Offered): void {
    for (const section of sections) {
      if (section.home !== self) this.#offered(section, from, now)
      else if (section.count > 0) {
        // P5: this hub's leases as another life of it told them; each peer may remember others.
        out.push({ type: 'send', to: from, message: { kind: 'presence.want', body: { sections: [section] } } })
      }
    }
  }

  #offered(section: Section, from: PeerId, now: Now): void {
    const { home, covers, mark, rev } = section
    const key = keyOf(home, covers)
    const want = this.#wants.get(key)
    const isOther = this.#held.section(home, covers).mark !== mark
    if (want === undefined) {
      const isNews = isOther && section.count > 0 && rev >= this.#held.revOf(home)
      if (isNews) this.#want(key, { section, isSure: false, tries: 0, at: now.mono, holder: from })
    } else if (mark === want.section.mark) this.#want(key, { ...want, holder: from })
    else if (isOther && !want.isSure && rev >= want.section.rev) {
      this.#want(key, { ...want, section, at: now.mono + nextMs, holder: from })
    } else if (want.asked === from) this.#want(key, { ...want, at: Math.min(want.at, now.mono + nextMs) })
  }

  /** Leases of a home came: the last part of a section ends the search for it. */
  heard({ home, covers }: LeasesBody, now: Now): void {
    if (covers === undefined) return
    for (const [key, { section }] of this.#wantsOf(home, covers)) {
      if (section.covers.to !== covers.to) continue
      this.#wants.delete(key)
      this.#nextAt = Math.min(this.#nextAt, now.mono)
    }
    if (this.#wants.size === 0) this.#nextAt = never
  }

  /** Whether a part of that section was asked for by the mark that its home told. */
  isSure({ home, covers }: Pick<LeasesBody, 'home'> & { readonly covers: SlugRange }): boolean {
    return this.#wantsOf(home, covers).some(([, want]) => want.isSure)
  }

  tick(now: Now, out: Effects): void {
    if (this.#nextAt > now.mono) return
    this.#nextAt = never
    let left = maxUnderWay
    for (const { section, at, asked } of this.#wants.values()) {
      if (asked !== undefined && at > now.mono) left -= section.count
    }
    const questions = new Map<PeerId, Section[]>()
    for (const [key, want] of this.#wants) {
      const isDue = want.at <= now.mono && left > 0
      if (isDue && !this.#ask(key, want, { questions, now })) continue
      if (isDue) left -= want.section.count
      const { at } = this.#wants.get(key) ?? want
      this.#nextAt = Math.min(this.#nextAt, at <= now.mono ? now.mono + answerMs : at)
    }
    for (const [to, sections] of questions) {
      for (let from = 0; from < sections.length; from += maxWanted) {
        const body = { sections: sections.slice(from, from + maxWanted) }
        out.push({ type: 'send', to, message: { kind: 'presence.want', body } })
      }
    }
  }

  /** False when it is wanted no more: it came otherwise, or nobody is left to ask. */
  #ask(
    key: string,
    want: Want,
    { questions, now }: { readonly questions: Map<PeerId, Section[]>; readonly now: Now },
  ): boolean {
    const { section } = want
    const isHeld = this.#held.section(section.home, section.covers).mark === section.mark
    const peer = isHeld || want.tries >= maxTries ? undefined : this.#peerFor(want)
    if (peer === undefined) {
      this.#wants.delete(key)
      return false
    }
    this.#wants.set(key, { ...want, tries: want.tries + 1, at: now.mono + answerMs, asked: peer })
    questions.set(peer, [...(questions.get(peer) ?? []), section])
    return true
  }

  /** Who says that it has it, else the home, at every other try; else anybody. */
  #peerFor({ section, tries, holder, asked }: Want): PeerId | undefined {
    const home = this.#others.home(section.home)?.peer
    const best = [holder, home].find((peer) => peer !== undefined && this.#others.canAsk(peer))
    if (best !== undefined && tries % 2 === 0) return best
    const others = this.#others.askable()
    return this.#random.pick(others.filter((peer) => peer !== asked)) ?? best ?? others[0]
  }

  #want(key: string, want: Want): void {
    if (!this.#wants.has(key) && this.#wants.size >= maxWants) return
    this.#wants.set(key, want)
    this.#nextAt = Math.min(this.#nextAt, want.at)
  }

  /** Those whose section the range is a part of. */
  #wantsOf(home: HubId, { from, to }: SlugRange): (readonly [string, Want])[] {
    return [...this.#wants].filter(([, { section }]) => {
      return section.home === home && section.covers.from <= from && section.covers.to >= to
    })
  }
}

function keyOf(home: HubId, { from }: SlugRange): string {
  return `${home} ${from}`
}

// What this hub tells of its own leases, and when: what changed, batched, at most one message a flush interval; and once a
// refresh that it still holds what it told, by a mark (P6). Who holds something else asks, and is told the leases themselves.

import type { PeerId, Slug } from '../ids.ts'
import type { Effect } from '../machine.ts'
import { type Millis, type Now, never } from '../time.ts'
import { agesOf } from './ages.ts'
import type { Lease } from './lease.ts'
import type { LeasesBody, PresenceMessage, RefreshBody, Section, SlugRange } from './messages.ts'
import { maxSection, maxSections } from './messages.ts'
import type { Others } from './others.ts'
import type { PresenceOptions, PresenceProtocol } from './protocol.ts'
import type { LeaseTable } from './table.ts'
import { allSlugs, coveringParts, flushInterval, inParts, othersByHome } from './telling.ts'

type Effects = Effect<PresenceProtocol>[]

/** One refresh may be lost on its way to somebody. */
const emptyRefreshes = 3
/** Leases that are told for one question: those of two sections. */
const maxAnswered = 2 * maxSection

export interface TellerParts {
  readonly options: PresenceOptions
  readonly held: LeaseTable
  readonly others: Others
}

export class Teller {
  readonly #parts: TellerParts
  /** Own leases whose change was not told yet. */
  readonly #dirty = new Set<Slug>()
  #rev: number
  /** How often yet to say that this hub holds nothing: after an earlier run, and after any told lease. */
  #emptyLeft = emptyRefreshes
  #flushAt: Millis
  #refreshAt: Millis

  constructor(parts: TellerParts, now: Now) {
    const { incarnation, refreshMs, random } = parts.options
    this.#parts = parts
    this.#rev = incarnation
    this.#flushAt = now.mono
    // Not before peers could tell this hub of its leases (P5): a refresh would call them gone.
    this.#refreshAt = now.mono + refreshMs * (1 + 0.2 * random.real())
  }

  /** What a lease that changes now is told with: above all that was told before. */
  get nextRev(): number {
    return this.#rev + 1
  }

  /** Of a message about own leases that somebody else makes. */
  takeRev(): number {
    return ++this.#rev
  }

  deadline(): Millis {
    return Math.min(this.#dirty.size > 0 ? this.#flushAt : never, this.#refreshAt)
  }

  tick(now: Now, out: Effects): void {
    if (this.#refreshAt <= now.mono) {
      const { refreshMs, random } = this.#parts.options
      this.#refreshAt = now.mono + refreshMs * (0.9 + 0.2 * random.real())
      this.#refresh(now, out)
    } else if (this.#dirty.size > 0 && this.#flushAt <= now.mono) {
      this.#tell(inParts(this.#changed()).map(asLeases(this.#body)), now, out)
    }
  }

  /** An own lease is another than was told. */
  note(slug: Slug, now: Now): void {
    if (this.#dirty.size === 0) this.#flushAt = Math.max(this.#flushAt, now.mono)
    this.#dirty.add(slug)
  }

  /** It is another hub's now. */
  forget(slug: Slug): void {
    this.#dirty.delete(slug)
  }

  /** What a newly linked peer is told: marks of this hub's leases, and of those of other homes when it asks for all. */
  greet(peer: PeerId, scope: 'own' | 'all', out: Effects): void {
    const { held, options, others } = this.#parts
    const { self } = options
    if (!others.canAsk(peer)) {
      const bodies = held.countOf(self) > 0 ? this.#whole(allSlugs) : []
      if (scope === 'all')
        bodies.push(
          ...othersByHome(
            [...held.all().values()].map(({ lease }) => lease),
            self,
          ),
        )
      for (const body of bodies) out.push({ type: 'send', to: peer, message: { kind: 'presence.leases', body } })
      return
    }
    const homes = scope === 'all' ? [...held.homes()] : held.countOf(self) > 0 ? [self] : []
    sendMarks(
      peer,
      homes.flatMap((home) => held.sections(home)),
      out,
    )
  }

  /** Tells a peer the leases of the sections that it asked for; where others are held, which. */
  answer(sections: readonly Section[], to: PeerId, out: Effects): void {
    const { held, options } = this.#parts
    const others: Section[] = []
    let left = maxAnswered
    for (const asked of sections) {
      const { home, covers, mark } = asked
      const own = held.section(home, covers)
      if (home !== options.self && own.mark !== mark) {
        others.push(own)
        continue
      }
      left -= own.count
      if (left < 0) break
      for (const body of home === options.self ? this.#whole(covers) : this.#hearsay(asked)) {
        out.push({ type: 'send', to, message: { kind: 'presence.leases', body } })
      }
    }
    sendMarks(to, others, out)
  }

  /** P6: that this home still holds what it told, changes included; that it holds nothing is told a few times. */
  #refresh(now: Now, out: Effects): void {
    const { held, options, others } = this.#parts
    const { self } = options
    const changed = this.#changed()
    for (const { slug, state } of changed) if (state === 'gone') this.#drop(slug, out)
    const count = held.within(self, allSlugs).length
    const isSilent = count === 0 && changed.length === 0 && this.#emptyLeft === 0
    if (isSilent) return
    if (others.hasOlder) {
      const gone = inParts(changed.filter(({ state }) => state === 'gone')).map(asLeases(this.#body))
      this.#tell([...gone, ...this.#whole(allSlugs).map(asMessage)], now, out)
    } else {
      const parts = inParts(changed)
      const last = parts.pop() ?? []
      this.#tell([...parts.map(asLeases(this.#body)), ...this.#inBrief(last, now)], now, out)
    }
    this.#emptyLeft = count > 0 ? emptyRefreshes : Math.max(0, this.#emptyLeft - 1)
  }

  /** All own leases by their marks; the changes travel with the first section. */
  #inBrief(changed: Lease[], now: Now): PresenceMessage[] {
    const { held, options } = this.#parts
    const wall = Math.floor(now.wall)
    return held.sections(options.self).map((section, index): PresenceMessage => {
      const beats = held.within(options.self, section.covers).map(({ lease }) => lease.beatAt)
      const body: RefreshBody = {
        ...section,
        rev: ++this.#rev,
        at: wall,
        ages: agesOf(beats, wall),
        leases: index === 0 ? changed : [],
      }
      return { kind: 'presence.refresh', body }
    })
  }

  #changed(): Lease[] {
    const { held, options } = this.#parts
    const changed = [...this.#dirty].flatMap((slug) => held.get(slug)?.lease ?? [])
    const own = changed.filter((lease) => lease.claim[1] === options.self)
    if (own.length > 0) this.#emptyLeft = emptyRefreshes
    return own
  }

  #whole(covers: SlugRange): LeasesBody[] {
    const { held, options } = this.#parts
    const own = held.within(options.self, covers).map(({ lease }) => lease)
    return coveringParts(own, covers).map((part) => ({ ...this.#body(part.leases), covers: part.covers }))
  }

  /** What another home holds, by the mark that the asker has of it: its revision is the asker's. */
  #hearsay({ home, covers, rev }: Section): LeasesBody[] {
    const leases = this.#parts.held.within(home, covers).map(({ lease }) => lease)
    return coveringParts(leases, covers).map((part) => ({ home, rev, ...part }))
  }

  /** Publishes, and sends over young links (P7); then all changes are told, and leases that are gone forgotten. */
  #tell(messages: readonly PresenceMessage[], now: Now, out: Effects): void {
    const { held, options, others } = this.#parts
    const young = others.young(now.mono)
    for (const message of messages) {
      out.push({ type: 'publish', topic: 'presence', message })
      for (const to of young) out.push({ type: 'send', to, message })
      const leases = 'leases' in message.body ? message.body.leases.length : 0
      out.push({ type: 'change', change: { type: 'told', leases, isRefresh: 'covers' in message.body } })
    }
    for (const slug of this.#dirty) {
      const lease = held.get(slug)?.lease
      if (lease?.claim[1] === options.self && lease.state === 'gone') this.#drop(slug, out)
    }
    this.#dirty.clear()
    this.#flushAt = now.mono + flushInterval(options.flushIntervalMs, others.alive + 1)
  }

  /** Told as gone, and forgotten: the project has no home any more. */
  #drop(slug: Slug, out: Effects): void {
    this.#parts.held.delete(slug)
    out.push({ type: 'change', change: { type: 'lease', slug } })
  }

  readonly #body = (leases: Lease[]): LeasesBody => ({ home: this.#parts.options.self, rev: ++this.#rev, leases })
}

function asMessage(body: LeasesBody): PresenceMessage {
  return { kind: 'presence.leases', body }
}

function asLeases(body: (leases: Lease[]) => LeasesBody): (leases: Lease[]) => PresenceMessage {
  return (leases) => asMessage(body(leases))
}

function sendMarks(to: PeerId, sections: readonly Section[], out: Effects): void {
  for (let from = 0; from < sections.length; from += maxSections) {
    const body = { sections: sections.slice(from, from + maxSections) }
    out.push({ type: 'send', to, message: { kind: 'presence.marks', body } })
  }
}

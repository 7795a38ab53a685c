// What a home is asked when somebody needs to know now: some of its leases by name. Over the link where there is one, else by
// gossip, both ways. What it does not name in its answer it does not hold. No answer within two seconds is an answer, too.

import { type Refusal, refuse } from '../errors.ts'
import type { HubId, PeerId, Slug } from '../ids.ts'
import type { CallId, Effect } from '../machine.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import type { AskBody, LeasesBody, PresenceMessage } from './messages.ts'
import type { Others } from './others.ts'
import type { PresenceOptions, PresenceProtocol } from './protocol.ts'
import type { LeaseTable } from './table.ts'

type Effects = Effect<PresenceProtocol>[]

const answerMs: Millis = 2 * second
/** Questions under way; a hub that has more is asked for too much. */
const maxOpen = 1_000

interface Question {
  readonly home: HubId
  readonly slugs: readonly Slug[]
  readonly until: Millis
}

export interface QuestionsParts {
  readonly options: PresenceOptions
  readonly held: LeaseTable
  readonly others: Others
}

export class Questions {
  readonly #parts: QuestionsParts
  /** The oldest first. */
  readonly #open = new Map<CallId, Question>()

  constructor(parts: QuestionsParts) {
    this.#parts = parts
  }

  deadline(): Millis {
    const [oldest] = this.#open.values()
    return oldest?.until ?? never
  }

  /** Answered by a reply to the call. */
  ask(call: CallId, { home, slugs }: Pick<Question, 'home' | 'slugs'>, { now, out }: Moment): void {
    const { options, others } = this.#parts
    const known = others.home(home)
    const isGone = known !== undefined && (known.status === 'dead' || known.status === 'left')
    if (home === options.self) out.push({ type: 'reply', call, result: { ok: true, type: 'fetched' } })
    else if (isGone || this.#open.size >= maxOpen) out.push({ type: 'reply', call, result: unreachable(home) })
    else {
      this.#open.set(call, { home, slugs, until: now.mono + answerMs })
      const body: AskBody = { home, asker: options.self, call, slugs: [...slugs] }
      this.#say({ kind: 'presence.ask', body }, known?.peer, out)
    }
  }

  /** This hub is asked: by the peer whose word it is, and perhaps not meant. */
  answer({ home, asker, call, slugs }: AskBody, from: PeerId, { rev, out }: { rev: () => number; out: Effects }): void {
    const { options, held } = this.#parts
    if (home !== options.self) return
    const leases = slugs.flatMap((slug) => held.get(slug)?.lease ?? []).filter((lease) => lease.claim[1] === home)
    const body: LeasesBody = { home, rev: rev(), leases, answers: { asker, call } }
    this.#say({ kind: 'presence.leases', body }, from, out)
  }

  /** Leases came, and were looked at: slugs that this answer leaves out, where it is one to a question of this hub. */
  heard({ home, leases, answers }: LeasesBody, out: Effects): readonly Slug[] {
    if (answers === undefined || answers.asker !== this.#parts.options.self) return []
    const question = this.#open.get(answers.call)
    if (question === undefined || question.home !== home) return []
    this.#open.delete(answers.call)
    out.push({ type: 'reply', call: answers.call, result: { ok: true, type: 'fetched' } })
    const named = new Set(leases.map(({ slug }) => slug))
    return question.slugs.filter((slug) => !named.has(slug))
  }

  tick(now: Now, out: Effects): void {
    for (const [call, { home, until }] of this.#open) {
      if (until > now.mono) break
      this.#open.delete(call)
      out.push({ type: 'reply', call, result: unreachable(home) })
    }
  }

  #say(message: PresenceMessage, peer: PeerId | undefined, out: Effects): void {
    if (peer !== undefined && this.#parts.others.isLinked(peer)) out.push({ type: 'send', to: peer, message })
    else out.push({ type: 'publish', topic: 'presence', message })
  }
}

interface Moment {
  readonly now: Now
  readonly out: Effects
}

function unreachable(home: HubId): Refusal {
  return refuse('home-unreachable', `${home} did not say how its projects are; try again, or leave out fetch`)
}

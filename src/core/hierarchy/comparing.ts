// H10: what two hubs hold of the reporters' ledgers is compared by one mark; where marks differ they list what they hold and
// fetch what they lack.

import type { HubId, PeerId } from '../ids.ts'
import type { Effect } from '../machine.ts'
import type { Random } from '../random.ts'
import type { Now } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import { type Bulletin, wholeReports } from './bulletin.ts'
import type { Holdings } from './holdings.ts'
import { compareStands, type Ledger } from './ledger.ts'
import { maxLedgers, type Report, type TierMessage } from './messages.ts'
import type { HierarchyProtocol } from './protocol.ts'
import type { Reports } from './reports.ts'
import type { Requests } from './requests.ts'
import { isBackbone } from './tiers.ts'

type Effects = Effect<HierarchyProtocol>[]

export interface ComparingParts {
  readonly self: HubInfo
  readonly random: Random
  readonly links: ReadonlyMap<PeerId, HubInfo>
  readonly parents: () => readonly HubInfo[]
  readonly reports: Reports
  readonly bulletin: Bulletin
  readonly holdings: Holdings
  readonly requests: Requests
  /** H17: a reporter's words count again, perhaps. */
  readonly weigh: (reporter: HubId, now: Now) => void
}

interface Compared {
  readonly from: HubInfo
  readonly digest: string
}

interface Listed {
  readonly from: HubInfo
  readonly body: Extract<TierMessage, { kind: 'tier.ledgers' }>['body']
}

export class Comparing {
  readonly #parts: ComparingParts

  constructor(parts: ComparingParts) {
    this.#parts = parts
  }

  /** A mark of the ledgers of all reporters of the backbone that are believed present. */
  digest(): string {
    return this.#parts.holdings.digest()
  }

  /** Where a parent holds the same, what it watches, and this hub does not, stands. Says whether it does. */
  vouched(digest: string, now: Now): boolean {
    if (digest !== this.digest()) return false
    this.#renew(now)
    for (const { reporter } of this.#parts.holdings.held()) this.#confirm(reporter, now)
    return true
  }

  /** A hub with parents compares with them; one without compares with somebody it is linked to. */
  compare(out: Effects): void {
    const { links, parents, random, holdings } = this.#parts
    if (parents().length > 0 || holdings.held().length === 0) return
    const upper = [...links].filter(([, info]) => isBackbone(info.tier)).map(([peer]) => peer)
    const peer = random.pick(upper.length > 0 ? upper : [...links.keys()])
    if (peer === undefined) return
    out.push({ type: 'send', to: peer, message: { kind: 'tier.compare', body: { digest: this.digest() } } })
  }

  /** A peer without parents tells what it holds. */
  compared({ from, digest }: Compared, now: Now, out: Effects): void {
    if (digest !== this.digest()) this.list({ to: from.peer, reply: true }, out)
    else if (isBackbone(from.tier)) this.#renew(now)
  }

  /** Lists what is held here; `reply` asks for the other's list. */
  list({ to, reply }: { readonly to: PeerId; readonly reply: boolean }, out: Effects): void {
    const held = this.#parts.holdings.held().map(({ reporter, stand: { epoch, seq } }) => ({ reporter, epoch, seq }))
    out.push({ type: 'send', to, message: { kind: 'tier.ledgers', body: { held: held.slice(0, maxLedgers), reply } } })
  }

  /** A peer lists what it holds: what is the same here stands, what is newer there is fetched. */
  listed({ from, body }: Listed, now: Now, out: Effects): void {
    const { self, bulletin, reports, requests } = this.#parts
    const lacking: HubId[] = []
    for (const theirs of body.held) {
      const isOwn = theirs.reporter === self.hub
      const stand = isOwn ? bulletin.stand() : reports.ledgers().get(theirs.reporter)?.stand()
      const order = stand === undefined ? -1 : compareStands(stand, theirs)
      // Nobody lists a ledger that was given up, so nobody would come to lack that word.
      if (order > 0 && stand?.count === 0) this.answer(from.peer, [theirs.reporter], out)
      if (isOwn) continue
      if (order < 0) lacking.push(theirs.reporter)
      if (!isBackbone(from.tier)) continue
      if (order >= 0) reports.renew(theirs.reporter, now)
      this.#confirm(theirs.reporter, now)
    }
    this.ask(requests.want(lacking, from.peer, now), out)
    if (body.reply) this.list({ to: from.peer, reply: false }, out)
  }

  /** A peer asks for whole ledgers. */
  answer(from: PeerId, reporters: readonly HubId[], out: Effects): void {
    const { self, bulletin, reports } = this.#parts
    for (const reporter of reporters) {
      const whole = reporter === self.hub ? bulletin.whole() : wholeOf(reports.ledgers().get(reporter))
      for (const body of whole) out.push({ type: 'send', to: from, message: { kind: 'tier.report', body } })
    }
  }

  /** Asks for whole ledgers. */
  ask(wants: readonly { readonly reporter: HubId; readonly from: PeerId }[], out: Effects): void {
    const bySource = new Map<PeerId, HubId[]>()
    for (const { reporter, from } of wants) bySource.set(from, [...(bySource.get(from) ?? []), reporter])
    for (const [to, reporters] of bySource) {
      out.push({ type: 'send', to, message: { kind: 'tier.request', body: { reporters } } })
    }
  }

  #confirm(reporter: HubId, now: Now): void {
    this.#parts.reports.confirm(reporter, now)
    if (this.#parts.reports.ledgers().has(reporter)) this.#parts.weigh(reporter, now)
  }

  /** Who watches the reporters holds the same: nothing of what they said was missed. */
  #renew(now: Now): void {
    for (const { reporter } of this.#parts.holdings.held()) this.#parts.reports.renew(reporter, now)
  }
}

function wholeOf(ledger: Ledger | undefined): Report[] {
  const stand = ledger?.stand()
  if (ledger === undefined || stand === undefined) return []
  return wholeReports(
    ledger.reporter,
    stand,
    [...ledger.words().values()].map(({ word }) => word),
  )
}

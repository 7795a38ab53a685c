// Who accused whom, over which path, how well the accuser heard itself, and what became of it: what an operator asks first
// when a hub flaps. And what it is good for at once: whoever accuses wrongly again and again shortens nobody's suspicion.

import type { HubId } from '../ids.ts'
import type { Millis, Now } from '../time.ts'
import type { Accusation } from './messages.ts'

export interface Charge extends Accusation {
  /** Unix time at which this hub heard it. */
  readonly at: Millis
  readonly heardAt: Millis
  /** Accuser or accused had only just booted: right or wrong, it says nothing about the accuser. */
  readonly isExcused: boolean
  outcome: 'open' | 'refuted' | 'confirmed'
}

/** Charges kept a hub, and of one accuser; older ones are forgotten first. */
const maxCharges = 16
/** Hubs that charges are kept of; beyond it the one charged longest ago is forgotten. */
const maxHubs = 4_096
/** So many refuted charges within the hour, and more refuted than confirmed ones, discount an accuser. */
const manyRefuted = 3
const memoryMs: Millis = 3_600_000
/** An accuser with this score or a worse one hears badly: its word counts for half (health.ts). */
const poorHealth = 4

export class Blame {
  readonly #ofHub = new Map<HubId, Charge[]>()
  readonly #byAccuser = new Map<HubId, Charge[]>()

  /** The charges against a hub, oldest first. */
  of(hub: HubId): readonly Charge[] {
    return this.#ofHub.get(hub) ?? []
  }

  note(accusation: Accusation, isExcused: boolean, now: Now): void {
    const { accused, by, incarnation, status, path } = accusation
    const held = this.of(accused).some(
      (charge) =>
        charge.by === by && charge.incarnation === incarnation && charge.status === status && charge.path === path,
    )
    if (held) return
    const charge: Charge = { ...accusation, at: now.wall, heardAt: now.mono, isExcused, outcome: 'open' }
    push(this.#ofHub, accused, charge)
    push(this.#byAccuser, by, charge)
  }

  /** What became of the charges against a hub at this incarnation or an earlier one. */
  settle(hub: HubId, incarnation: number, outcome: 'refuted' | 'confirmed'): void {
    for (const charge of this.of(hub)) {
      const isAbout = charge.incarnation <= incarnation && charge.outcome !== 'refuted'
      if (isAbout && (charge.outcome === 'open' || charge.incarnation === incarnation)) charge.outcome = outcome
    }
  }

  /** Whether most of what it said lately was refuted. */
  isDiscounted(accuser: HubId, now: Now): boolean {
    const charges = this.#byAccuser.get(accuser)
    if (charges === undefined) return false
    const recent = charges.filter((charge) => !charge.isExcused && now.mono - charge.heardAt < memoryMs)
    const refuted = recent.filter((charge) => charge.outcome === 'refuted').length
    const confirmed = recent.filter((charge) => charge.outcome === 'confirmed').length
    return refuted >= manyRefuted && refuted > confirmed
  }

  /** What its word weighs in a suspicion: 1 where it hears well, half where it does not, nothing where it was mostly wrong. */
  weight({ by, health }: Accusation, now: Now): number {
    if (this.isDiscounted(by, now)) return 0
    return health < poorHealth ? 1 : 0.5
  }

  forget(hub: HubId): void {
    this.#ofHub.delete(hub)
    this.#byAccuser.delete(hub)
  }
}

function push(map: Map<HubId, Charge[]>, hub: HubId, charge: Charge): void {
  const held = map.get(hub) ?? []
  held.push(charge)
  if (held.length > maxCharges) held.shift()
  map.delete(hub)
  map.set(hub, held)
  const oldest = map.size > maxHubs ? map.keys().next().value : undefined
  if (oldest !== undefined) map.delete(oldest)
}

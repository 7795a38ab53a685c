// One fingerprint of a set that changes member by member: the sum of the members' own hashes, so that a change costs its
// member and not the set. AdHash (Bellare, Micciancio: "A New Paradigm for Collision-Free Hashing", 1997), cut to 60 bits:
// it tells honest peers that they differ, and who lies about what it holds deceives nobody but itself.

import { hashOf } from '../hash.ts'
import { markOf as markOfText } from '../mark.ts'
import type { ListedVersion } from './messages.ts'

/**
 * Three lanes of 30 bits: two of the versions, one of their names alone (hub and epoch). Who invents names to make rosters
 * look alike costs itself the shorter way to compare.
 */
export interface Mark {
  readonly high: number
  readonly low: number
  readonly names: number
}

export const noMark: Mark = { high: 0, low: 0, names: 0 }

const laneMask = 0x3fff_ffff
/** Five digits of 64 a lane. */
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_'
const laneDigits = 5

export function markOf([hub, epoch, seq]: ListedVersion): Mark {
  const name = `${hub} ${epoch[0]} ${epoch[1]}`
  const hash = hashOf([`${name} ${seq}`])
  const lane = (from: number): number => Number.parseInt(hash.slice(from, from + 8), 16) & laneMask
  return { high: lane(0), low: lane(8), names: markOfText(name) & laneMask }
}

export function plus(a: Mark, b: Mark): Mark {
  const lane = (of: keyof Mark): number => (a[of] + b[of]) & laneMask
  return { high: lane('high'), low: lane('low'), names: lane('names') }
}

export function minus(a: Mark, b: Mark): Mark {
  const lane = (of: keyof Mark): number => (a[of] - b[of]) & laneMask
  return { high: lane('high'), low: lane('low'), names: lane('names') }
}

/** Fifteen digits: the versions, then the names. */
export function asText({ high, low, names }: Mark): string {
  return laneText(high) + laneText(low) + laneText(names)
}

/** The names' part of a mark's text. */
export function namesOf(text: string): string {
  return text.slice(2 * laneDigits)
}

function laneText(lane: number): string {
  let text = ''
  for (let shift = 6 * (laneDigits - 1); shift >= 0; shift -= 6) text += digits[(lane >>> shift) & 63]
  return text
}

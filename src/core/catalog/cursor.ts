// C18: where a reader of the catalog stands: which epoch of each slice it has been told of, and how far. It means the same on
// every hub, because two replicas that stand at the same (hub, epoch, seq) hold the same records (C9).
// As text `1~hub~epoch~seq~hub~epoch~seq…`: the version of the form, then the hubs in order. All of it may stand in a URL
// or a header as it is. An epoch is named by a fingerprint: its nonce may hold any letters, and equal is all one asks.

import { hashOf } from '../hash.ts'
import { compareText, type HubId, isHubId } from '../ids.ts'
import type { Replicas } from './replicas.ts'
import type { Epoch, Version } from './slice.ts'

/** How far one slice has been told. */
export interface Place {
  /** The epoch's fingerprint. */
  readonly epoch: string
  /** 0: perhaps a part of it, in no order. */
  readonly seq: number
}

/** By hub; a slice that is not in it has not been told of at all. */
export type Cursor = ReadonlyMap<HubId, Place>

/** Not in the name of a hub, and left alone by URLs. */
const separator = '~'
const form = '1'
/** 32 bits: a later epoch of a hub passes for an earlier one once in four thousand million times. */
const epochPattern = /^[0-9a-z]{7}$/
const seqPattern = /^(0|[1-9a-z][0-9a-z]{0,10})$/

/** The place at which a slice is held. */
export function placeOf({ epoch, seq }: Version): Place {
  return { epoch: fingerprintOf(epoch), seq }
}

/** Everything that is held. */
export function frontierOf(replicas: Replicas): Cursor {
  const held = [...replicas.slices()].filter((slice) => slice.version.seq > 0)
  return new Map(held.map((slice) => [slice.hub, placeOf(slice.version)]))
}

export function cursorText(cursor: Cursor): string {
  const sorted = [...cursor].sort(([a], [b]) => compareText(a, b))
  const places = sorted.map(([hub, { epoch, seq }]) => [hub, epoch, seq.toString(36)].join(separator))
  return [form, ...places].join(separator)
}

/** The text as a cursor; undefined when no hub wrote it so. */
export function readCursor(text: string): Cursor | undefined {
  const [version, ...parts] = text.split(separator)
  if (version !== form || parts.length % 3 !== 0) return undefined
  const cursor = new Map<HubId, Place>()
  let last = ''
  for (let i = 0; i < parts.length; i += 3) {
    const [hub = '', epoch = '', digits = ''] = parts.slice(i, i + 3)
    const seq = Number.parseInt(digits, 36)
    const isPlace = epochPattern.test(epoch) && seqPattern.test(digits) && Number.isSafeInteger(seq)
    if (!isHubId(hub) || hub <= last || !isPlace) return undefined
    cursor.set(hub, { epoch, seq })
    last = hub
  }
  return cursor
}

/** Hashed once for each epoch, not for each cursor. */
const fingerprints = new WeakMap<Epoch, string>()

function fingerprintOf(epoch: Epoch): string {
  const held = fingerprints.get(epoch)
  if (held !== undefined) return held
  const fresh = Number.parseInt(hashOf(epoch).slice(0, 8), 16).toString(36).padStart(7, '0')
  fingerprints.set(epoch, fresh)
  return fresh
}

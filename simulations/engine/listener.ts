// What processes and connections are to each other: a process listens, a connection has two ends.

import type { Address, PeerId } from '../../src/core/ids.ts'
import type { Topic } from '../../src/core/machine.ts'
import type { Admission, Channel } from '../../src/hub/ports.ts'
import type { Host } from './weather.ts'
import type { Life } from './world.ts'

/** What a process offers to the network while it lives. */
export interface Listener {
  readonly host: Host
  readonly peer: PeerId
  readonly life: Life
  /** Its ends of all connections that are not closed; the ends enter and leave by themselves. */
  readonly ends: Set<End>
  /** It accepts no further connection. */
  readonly isFull: boolean
  hello(): Uint8Array
  admits(peer: PeerId, hello: Uint8Array): Admission
  /** A connection is made; the end is still to be opened. */
  accept(end: End, hello: Uint8Array): void
  heard(from: PeerId, bytes: Uint8Array): void
  gossiped(topic: Topic, author: PeerId, bytes: Uint8Array): void
  /** The end went down, and not by this side's wish. */
  lost(end: End, reason: 'closed' | 'silent'): void
  garbage(reason: string): void
}

/** One end of a connection. */
export interface End {
  readonly owner: Listener
  readonly remote: End
  /** Who is at the other end, and where. */
  readonly peer: PeerId
  readonly address: Address
  readonly isOpen: boolean
  readonly isClosed: boolean
  /** False when it is closed already. */
  open(): boolean
  send(channel: Channel, bytes: Uint8Array): void
  /** The other end learns of it when a packet gets through. */
  close(): void
}

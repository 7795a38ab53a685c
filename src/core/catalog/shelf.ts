// What of the other hubs' slices is not on the disk yet. One unsynced batch at a time, and a refused one goes again with
// the next: so the disk always holds each slice as it stood at some moment, never a later run without an earlier one (C9).

import type { HubId } from '../ids.ts'
import type { StoreOp } from '../machine.ts'
import type { EntryId } from './record.ts'
import type { Applied, Replicas } from './replicas.ts'

/** The entries to store, by slice. Bounded by what the slices hold. */
type Due = Map<HubId, Set<EntryId>>

export class Shelf {
  readonly #self: HubId
  /** What else goes with the next batch, and with the one under way. */
  #more: readonly StoreOp[] = []
  #moreWriting: readonly StoreOp[] = []
  #due: Due = new Map()
  #writing: Due | undefined
  /** Whether something was noted since the disk last refused: a full disk is not asked again and again. */
  #isFresh = false

  constructor(self: HubId) {
    this.#self = self
  }

  /** What a run brought to one slice, and took from others. */
  applied(of: HubId, { touched, drained }: Applied): void {
    this.note(of, touched)
    for (const { hub, id } of drained) this.note(hub, [id])
  }

  /** C12: the own records are on the disk before anything knows of them. */
  note(hub: HubId, ids: Iterable<EntryId>): void {
    if (hub === this.#self) return
    add(this.#due, hub, ids)
    this.#isFresh = true
  }

  /** To be done in the same batch as what was noted last. */
  also(ops: readonly StoreOp[]): void {
    if (ops.length === 0) return
    this.#more = [...this.#more, ...ops]
    this.#isFresh = true
  }

  /** The next batch; undefined while one is under way or nothing is due. */
  begin(replicas: Replicas): StoreOp[] | undefined {
    if (this.#writing !== undefined || !this.#isFresh) return undefined
    this.#writing = this.#due
    this.#due = new Map()
    this.#moreWriting = this.#more
    this.#more = []
    this.#isFresh = false
    return [...[...this.#writing].flatMap(([hub, ids]) => replicas.storeOps(hub, ids)), ...this.#moreWriting]
  }

  /** The disk has answered. */
  finish(ok: boolean): void {
    if (!ok) for (const [hub, ids] of this.#writing ?? []) add(this.#due, hub, ids)
    if (!ok) this.#more = [...this.#moreWriting, ...this.#more]
    this.#writing = undefined
  }
}

function add(due: Due, hub: HubId, ids: Iterable<EntryId>): void {
  const held = due.get(hub) ?? new Set()
  due.set(hub, held)
  for (const id of ids) held.add(id)
}

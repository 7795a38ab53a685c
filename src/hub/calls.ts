// What local callers (HTTP, the composition root) may ask of a hub, and what they are told.

import type { Refusal } from '../core/errors.ts'
import type { HubId, Region, Slug } from '../core/ids.ts'
import type { Millis, Now } from '../core/time.ts'
import type { Taken } from './backup.ts'
import type { HubEvent, ProjectEvent, ResetEvent } from './events.ts'
import type {
  DirectoryEntry,
  Health,
  Heartbeat,
  HeartbeatReply,
  Member,
  Project,
  ProjectStatus,
  Registration,
  Status,
  ViewState,
  Why,
} from './shapes.ts'

export type Call =
  /** Answered once durable. */
  | { readonly type: 'register'; readonly slug: Slug; readonly registration: Registration }
  /** The whole content of projects.yaml: only entries that differ from what the file last wrote are written. */
  | { readonly type: 'project-file'; readonly entries: readonly (Registration & { readonly slug: Slug })[] }
  | { readonly type: 'remove'; readonly slug: Slug }
  | { readonly type: 'beat'; readonly slug: Slug; readonly beat: Heartbeat }
  /** All of them or none: hubs that are dead or have left are unknown from now on, everywhere. */
  | {
      readonly type: 'forget'
      readonly hubs: readonly HubId[]
      /** C15: what only they wrote into the catalog goes with them. */
      readonly withData: boolean
    }

export type Answer =
  | { readonly ok: true; readonly type: 'registered'; readonly created: boolean }
  | { readonly ok: true; readonly type: 'project-file'; readonly result: FileCounts }
  | { readonly ok: true; readonly type: 'removed' }
  | { readonly ok: true; readonly type: 'beaten'; readonly reply: HeartbeatReply }
  | { readonly ok: true; readonly type: 'forgotten' }
  | Refusal

/** `refused`: entries that did not fit, or that the catalog does not take. */
export interface FileCounts {
  readonly written: number
  readonly removed: number
  readonly refused: readonly Slug[]
}

/** C17: how current what a hub answers is. */
export interface Freshness {
  readonly state: ViewState
  /** The region that was heard of longest ago, and when (Unix ms). */
  readonly region: Region
  readonly asOf: Millis
}

/** Reads never enter the core: they come from what the hub holds at this moment. */
export interface Views {
  health(now: Now): Health
  status(now: Now): Status
  freshness(now: Now): Freshness
  /** Catalog digests that hubs of the federation have and keep. */
  digestsAlive(now: Now): number
  members(now: Now): readonly Member[]
  member(hub: HubId, now: Now): Member | undefined
  /** All hubs that the catalog lists, those that member lists have dropped included. */
  directory(): readonly DirectoryEntry[]
  /** Who accuses the hub, and who reaches it. */
  why(hub: HubId, now: Now): { readonly ok: true; readonly why: Why } | Refusal
  projects(now: Now, filter: { readonly status?: ProjectStatus }): readonly Project[]
  /** How many projects are in each status, and of how many of those this hub is the home. Reads no record. */
  projectCounts(now: Now): ReadonlyMap<ProjectStatus, { readonly all: number; readonly own: number }>
  project(slug: Slug, now: Now): { readonly ok: true; readonly project: Project } | Refusal
  /** C19: all that this hub holds. */
  backup(now: Now): Taken
}

/** `cursor`: where the reader stands once it has this. */
export type WatchEvent = { readonly cursor: string } & (
  | { readonly event: 'project'; readonly data: ProjectEvent }
  | { readonly event: 'hub'; readonly data: HubEvent }
  | { readonly event: 'reset'; readonly data: ResetEvent }
  /** All that was there when it began has been told; what follows are changes. */
  | { readonly event: 'caught-up' }
)

/** One reader of what happens. It asks for the next event when it can take one, so nothing waits for it here. */
export interface Watching {
  /** Undefined: there is no more now; the reader is woken when there is. */
  next(): WatchEvent | undefined
  close(): void
}

export type Watched = { readonly ok: true; readonly watching: Watching } | Refusal

/** What the HTTP API needs of a running hub. */
export interface LocalHub {
  readonly views: Views
  now(): Now
  call(call: Call, done: (answer: Answer) => void): void
  /** C18: what happens from a cursor on; without one, what is there and then what happens. */
  watch(since: string | undefined, wake: () => void): Watched
}

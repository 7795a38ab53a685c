// What local callers (HTTP, the composition root) may ask of a hub, and what they are told.

import type { Refusal } from '../core/errors.ts'
import type { HubId, Region, Slug } from '../core/ids.ts'
import { maxLeases } from '../core/presence/messages.ts'
import type { Millis, Now } from '../core/time.ts'
import type { Taken } from './backup.ts'
import type { HubEvent, ProjectEvent, ResetEvent } from './events.ts'
import type { BatchResult, Heartbeat, HeartbeatReply } from './heartbeats.ts'
import type { Echoed, Registry, Resolved, Topology } from './landscape.ts'
import type {
  DirectoryEntry,
  Health,
  Member,
  Patch,
  Project,
  ProjectStatus,
  Registration,
  Status,
  ViewState,
  Why,
} from './shapes.ts'

/** Projects that a home is asked for at once: what a message carries of leases. */
export const maxFetched = maxLeases

export type Call =
  /** Answered once durable. */
  | {
      readonly type: 'register'
      readonly slug: Slug
      readonly registration: Patch
      /** `update` and `patch` leave alone what is not given, `replace` gives it its default; `patch` creates nothing. */
      readonly how?: 'update' | 'replace' | 'patch'
      readonly guards?: readonly Guard[]
    }
  /** The whole content of projects.yaml: only entries that differ from what the file last wrote are written. */
  | { readonly type: 'project-file'; readonly entries: readonly (Registration & { readonly slug: Slug })[] }
  | { readonly type: 'remove'; readonly slug: Slug; readonly guards?: readonly Guard[] }
  | { readonly type: 'beat'; readonly slug: Slug; readonly beat: Heartbeat }
  | { readonly type: 'beats'; readonly beats: readonly BatchedBeat[] }
  /** Publishes a test message; answered once all have heard it, or after the wait. */
  | { readonly type: 'echo'; readonly waitMs: Millis }
  /** The home is asked how these projects are; answered once what it said is held here. `maxFetched` at most. */
  | { readonly type: 'fetch'; readonly home: HubId; readonly slugs: readonly Slug[] }
  /** All of them or none: hubs that are dead or have left are unknown from now on, everywhere. */
  | {
      readonly type: 'forget'
      readonly hubs: readonly HubId[]
      /** C15: what only they wrote into the catalog goes with them. */
      readonly withData: boolean
    }

/** What must hold of a project, as far as this hub knows, for a write to be taken. */
export type Guard =
  | { readonly type: 'absent' }
  | { readonly type: 'present' }
  | { readonly type: 'at'; readonly revisions: readonly string[] }
  | { readonly type: 'not-at'; readonly revisions: readonly string[] }

export interface BatchedBeat {
  readonly slug: Slug
  readonly beat: Heartbeat
}

export type Answer =
  | { readonly ok: true; readonly type: 'registered'; readonly created: boolean }
  | { readonly ok: true; readonly type: 'project-file'; readonly result: FileCounts }
  | { readonly ok: true; readonly type: 'removed' }
  | { readonly ok: true; readonly type: 'beaten'; readonly reply: HeartbeatReply }
  /** One for each, in their order. */
  | { readonly ok: true; readonly type: 'all-beaten'; readonly results: readonly BatchResult[] }
  | { readonly ok: true; readonly type: 'echoed'; readonly echo: Echoed }
  | { readonly ok: true; readonly type: 'forgotten' }
  | { readonly ok: true; readonly type: 'fetched' }
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
  /** Who is linked to whom, as far as this hub knows. */
  topology(now: Now): Topology
  /** What it holds of whom. */
  registry(now: Now): Registry
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

export interface ProjectQuery {
  readonly status?: ProjectStatus
  readonly tag?: string
  readonly region?: string
  readonly home?: string
  readonly namespace?: string
  /** A part of the slug or the name, whatever its case. */
  readonly q?: string
  readonly sort?: SortKey
  readonly isReversed?: boolean
  /** At most so many; all when it is left out. */
  readonly limit?: number
  /** Only what comes behind this place. */
  readonly after?: Place
}

/** One of the three, or several that must all hold. */
export interface ResolveQuery {
  readonly slug?: string
  readonly tag?: string
  readonly namespace?: string
}

export type SortKey = 'slug' | 'name' | 'updated_at'

/** Where a project stands in an order: by a text, then by its slug. */
export interface Place {
  readonly key: string
  readonly slug: Slug
}

/** The same object for as long as nothing in it changes. */
export interface Listed {
  /** Those of this page. */
  readonly slugs: readonly Slug[]
  /** A JSON array of projects; their last heartbeats are as of the last presence refresh. */
  readonly body: string
  /** Equal where all but heartbeats is equal, on every hub. */
  readonly mark: string
  /** How many match, on all pages together. */
  readonly total: number
  /** The last place of this page, where others follow. */
  readonly next?: Place
}

/** One project as JSON. */
export interface ReadProject {
  readonly body: string
  /** The revision, which guards writes, and a mark that differs where anything but the heartbeat does. */
  readonly tag: string
}

export interface Told {
  readonly home: HubId
  readonly agoMs: Millis
}

/** Answers are kept as the text that is sent, until something in them changes. */
export interface ProjectReader {
  list(query: ProjectQuery, now: Now): Listed
  /** Those that are up, in the order in which to try them. */
  resolve(query: ResolveQuery, now: Now): Resolved['instances']
  read(slug: Slug, now: Now): ReadProject | undefined
  /** How much is kept. */
  figures(): Readonly<Record<string, number>>
  /** The home of a project, and how long ago it last told this hub of it; undefined where no home is known. */
  told(slug: Slug, now: Now): Told | undefined
}

/** What the HTTP API needs of a running hub. */
export interface LocalHub {
  readonly views: Views
  now(): Now
  call(call: Call, done: (answer: Answer) => void): void
  /** C18: what happens from a cursor on; without one, what is there and then what happens. */
  watch(since: string | undefined, wake: () => void): Watched
  /** What callers read of projects. */
  readonly listing: ProjectReader
}

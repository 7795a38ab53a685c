// What a hub is told and answers, as its clients see it. Written out, not taken from the hub: what is here is promised to
// programs of others, and a test holds it against the OpenAPI document of a running hub.

export type ProjectStatus = 'online' | 'degraded' | 'offline'

export interface Project {
  /** The slug. */
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly hub_url: string | null
  readonly mesh_namespace: string
  readonly status: ProjectStatus
  readonly status_reasons: string[]
  readonly tags: string[]
  /** Mesh namespaces that it may be fanned out to. */
  readonly allow_fanout: string[]
  /** The hub that its heartbeats reach, and that hub's region. */
  readonly home: string | null
  readonly region: string | null
  readonly version: string | null
  /** ISO 8601, UTC, milliseconds; so are all times. */
  readonly last_heartbeat_at: string | null
  readonly created_at: string
  readonly updated_at: string
  /** Changes with every change of the entry; equal on hubs that agree. */
  readonly revision: string
}

/** What can be said of a project; what is left out stays as it is. */
export interface Description {
  readonly name?: string
  readonly hub_url?: string
  /** `hub.<slug>` when it is never said. */
  readonly mesh_namespace?: string
  readonly tags?: string[]
  readonly allow_fanout?: string[]
}

export interface Registration extends Description {
  /** ^[a-z0-9-]{1,50}$ */
  readonly slug: string
}

/** What a heartbeat may say. */
export interface Heartbeat {
  readonly status?: 'online' | 'degraded'
  readonly version?: string
  /** With it a project that no hub knows is registered. */
  readonly hub_url?: string
  readonly mesh_namespace?: string
  readonly timestamp?: string | number
  readonly degraded_reasons?: string[]
}

export interface HeartbeatReply {
  readonly slug: string
  readonly status: ProjectStatus
  /** Send the next beat within this many seconds. */
  readonly next_within_s: number
}

/** Which projects to list; what is left out does not matter. */
export interface ProjectFilter {
  readonly status?: ProjectStatus
  readonly tag?: string
  readonly region?: string
  /** A hub id. */
  readonly home?: string
  /** Part of the slug or the name. */
  readonly q?: string
  /** With `-` before it the other way round. */
  readonly sort?: `${'' | '-'}${'slug' | 'name' | 'updated_at'}`
  /** Only what every region said within that time: 30s, 500ms. Otherwise `too-stale`. */
  readonly max_staleness?: string
}

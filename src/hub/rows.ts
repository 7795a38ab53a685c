// Projects as readers are told of them, each rendered once and kept until it changes. The moment of the last heartbeat is
// put in when the text is asked for: it alone moves with every beat, and changes nothing else.

import { hashOf } from '../core/hash.ts'
import type { HubId, Slug } from '../core/ids.ts'
import type { Millis, Now } from '../core/time.ts'
import { isoOf } from './iso.ts'
import { projectFrom, projectId } from './projects.ts'
import type { Project, ProjectStatus } from './shapes.ts'
import { seenOf } from './sight.ts'
import type { Beliefs } from './views.ts'

/** What queries look at, and the text without the heartbeat. */
export interface Row {
  readonly slug: Slug
  readonly name: string
  readonly updatedAt: string
  readonly status: ProjectStatus
  readonly region: string | null
  readonly home: HubId | null
  readonly hubUrl: string | null
  readonly namespace: string
  readonly tags: readonly string[]
  readonly revision: string
  /** Differs where anything but the heartbeat does: 64 bits. */
  readonly mark: readonly [number, number]
  /** The revision and the mark. */
  readonly tag: string
  readonly before: string
  readonly after: string
  /** The text with this heartbeat in it. */
  whole: string
  beatAt: Millis | undefined
}

const gap = '"last_heartbeat_at":'

export class Rows {
  readonly #hub: Beliefs
  readonly #rows = new Map<Slug, Row>()

  constructor(hub: Beliefs) {
    this.#hub = hub
  }

  /** How many are kept. */
  get size(): number {
    return this.#rows.size
  }

  /** Undefined where there is no such project. */
  get(slug: Slug, now: Now): Row | undefined {
    const held = this.#rows.get(slug)
    if (held !== undefined) return held
    if (!this.#hub.desk.projects().has(slug)) return undefined
    const joined = this.#hub.catalog.replicas.joined(projectId(slug))
    const project = projectFrom(slug, joined, seenOf(this.#hub, slug, now))
    if (project === undefined) return undefined
    const row = rowOf(slug, project)
    this.#rows.set(slug, row)
    return row
  }

  /** The project as JSON, with its last heartbeat as far as it is known here. */
  text(row: Row): string {
    const beatAt = this.#hub.presence.held(row.slug)?.lease.beatAt
    if (row.whole === '' || row.beatAt !== beatAt) {
      const beat = beatAt === undefined ? 'null' : `"${isoOf(beatAt)}"`
      row.whole = `${row.before}${beat}${row.after}`
      row.beatAt = beatAt
    }
    return row.whole
  }

  /** It may have changed. Returns how it was, if that was known. */
  drop(slug: Slug): Row | undefined {
    const row = this.#rows.get(slug)
    this.#rows.delete(slug)
    return row
  }
}

function rowOf(slug: Slug, project: Project): Row {
  const { name, status, region, home, hub_url: hubUrl, mesh_namespace: namespace } = project
  const { tags, revision, updated_at: updatedAt } = project
  const text = JSON.stringify({ ...project, last_heartbeat_at: null })
  // Not a quick mark: whoever beats may choose the text, and callers keep what bears the same one.
  const hash = hashOf([text])
  const mark = [Number.parseInt(hash.slice(0, 8), 16), Number.parseInt(hash.slice(8, 16), 16)] as const
  // A quote inside of a value is escaped, so this is the field.
  const at = text.lastIndexOf(`${gap}null,`) + gap.length
  return {
    slug,
    name,
    updatedAt,
    status,
    region,
    home: home as HubId | null,
    hubUrl,
    namespace,
    tags,
    revision,
    mark,
    tag: `${revision}-${hexOf(mark)}`,
    before: text.slice(0, at),
    after: text.slice(at + 'null'.length),
    whole: '',
    beatAt: undefined,
  }
}

export function hexOf(mark: readonly [number, number]): string {
  return mark.map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
}

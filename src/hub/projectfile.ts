// What the projects file of a hub means for the catalog. Only entries that differ from what the file last wrote are written,
// so that changes made elsewhere stay; what leaves the file is removed only if the file put it there. So of each entry is
// kept what the file last said and, where that made the project, when: that time stands in the project as well, for as long
// as it is the one that the file made.

import type { Static } from 'typebox'
import type { Replicas } from '../core/catalog/replicas.ts'
import type { Outcome, Write } from '../core/catalog/writes.ts'
import type { HubId, Slug } from '../core/ids.ts'
import type { StoreOp } from '../core/machine.ts'
import { Type } from '../core/schema.ts'
import type { Millis } from '../core/time.ts'
import { CountSchema } from '../core/wire.ts'
import { projectId, projectKind, registrationHash, registrationWrite } from './projects.ts'
import type { Registration } from './shapes.ts'

export type FileEntry = Registration & { readonly slug: Slug }

/** `created`: of the project that the file made; 0 when there was one. */
export const FiledSchema = Type.Object({ hash: Type.String(), created: Type.Optional(CountSchema) })
export type Filed = Static<typeof FiledSchema>

export const filePrefix = 'file/'

function filedOp(slug: Slug, filed: Filed | undefined): StoreOp {
  const key = `${filePrefix}${slug}`
  return filed === undefined ? { op: 'del', key } : { op: 'put', key, value: filed }
}

/** One entry that is to be written or removed, and what is known of it once that is done. */
interface Change {
  readonly slug: Slug
  readonly write: Write
  readonly filed: Filed | undefined
}

/** What the file asks for now. */
export interface FilePlan {
  readonly changes: readonly Change[]
  /** Entries that left the file and are not the file's to remove. */
  readonly dropped: readonly Slug[]
  /** Entries for which there is no room. */
  readonly refused: readonly Slug[]
  readonly extra: readonly StoreOp[]
}

/** What came of it. `fixes`: entries that were not taken are as if the file had never said them. */
export interface FileResult {
  readonly written: number
  readonly removed: number
  readonly refused: readonly Slug[]
  readonly fixes: readonly StoreOp[]
}

export interface FileScene {
  readonly hub: HubId
  readonly replicas: Replicas
  readonly projects: ReadonlySet<Slug>
  readonly maxProjects: number
}

export class ProjectFile {
  readonly #filed: Map<Slug, Filed>

  constructor(filed: ReadonlyMap<Slug, Filed>) {
    this.#filed = new Map(filed)
  }

  /** All that is kept, as it is stored. */
  ops(): StoreOp[] {
    return [...this.#filed].map(([slug, filed]) => filedOp(slug, filed))
  }

  plan(entries: readonly FileEntry[], scene: FileScene, wall: Millis): FilePlan {
    const changes: Change[] = []
    const refused: Slug[] = []
    let room = scene.maxProjects - scene.projects.size
    for (const entry of entries) {
      const { slug } = entry
      const hash = registrationHash(entry)
      const filed = this.#filed.get(slug)
      if (filed?.hash === hash) continue
      const isNew = !scene.projects.has(slug)
      if (isNew && room-- <= 0) {
        refused.push(slug)
        continue
      }
      const created = isNew ? Math.floor(wall) : filed !== undefined && isMade(slug, filed, scene) ? filed.created : 0
      const kept = created === undefined ? { hash } : { hash, created }
      changes.push({ slug, write: registrationWrite(slug, entry, wall), filed: kept })
    }
    const listed = new Set(entries.map((entry) => entry.slug))
    const left = [...this.#filed].filter(([slug]) => !listed.has(slug))
    const mine = new Set(left.filter(([slug, filed]) => isMade(slug, filed, scene)).map(([slug]) => slug))
    const dropped = left.map(([slug]) => slug).filter((slug) => !mine.has(slug))
    for (const slug of mine) {
      changes.push({ slug, write: { op: 'remove', kind: projectKind, key: slug }, filed: undefined })
    }
    const extra = [
      ...changes.map(({ slug, filed }) => filedOp(slug, filed)),
      ...dropped.map((slug) => filedOp(slug, undefined)),
    ]
    return { changes, dropped, refused, extra }
  }

  /** The plan is durable, with an outcome for each of its changes. */
  settle({ changes, dropped, refused }: FilePlan, outcomes: readonly Outcome[]): FileResult {
    const failed = changes.filter((_, index) => !isTaken(outcomes[index]))
    const done = changes.filter((_, index) => isTaken(outcomes[index]))
    for (const slug of dropped) this.#filed.delete(slug)
    for (const { slug, filed } of done) {
      if (filed === undefined) this.#filed.delete(slug)
      else this.#filed.set(slug, filed)
    }
    return {
      written: done.filter(({ filed }) => filed !== undefined).length,
      removed: done.filter(({ filed }) => filed === undefined).length,
      refused: [...refused, ...failed.map(({ slug }) => slug)],
      fixes: failed.map(({ slug }) => filedOp(slug, this.#filed.get(slug))),
    }
  }
}

function isTaken(outcome: Outcome | undefined): boolean {
  // Somebody else may have removed what is to be removed.
  return outcome === 'created' || outcome === 'updated' || outcome === 'removed' || outcome === 'absent-removed'
}

/** Whether the project that there is now is the one that the file made. */
function isMade(slug: Slug, { created }: Filed, { hub, replicas }: FileScene): boolean {
  const id = projectId(slug)
  const said = replicas.joined(id).fields['created']?.[0]
  if (said === undefined) return false
  // Version 0.2 did not keep when: what this hub's own slice says has to do.
  return said === (created ?? replicas.slice(hub)?.get(id)?.fields['created']?.[0])
}

// The shapes of what a watcher is told.

import type { Static } from 'typebox'
import { Type } from '../core/schema.ts'
import { type Member, nullable, type Project } from './shapes.ts'

const opOf = (put: string, status: string) =>
  Type.Enum(['put', 'remove', 'status'], {
    description: `put: ${put}; status: ${status}; remove: there is none any more`,
  })

export const ProjectEventSchema = Type.Object(
  {
    op: opOf('the entry is new or was written', 'its presence alone has changed'),
    slug: Type.String(),
    revision: nullable(Type.String()),
    value: nullable(Type.Unsafe<Project>({ $ref: 'Project#' })),
  },
  { $id: 'ProjectEvent' },
)
export type ProjectEvent = Static<typeof ProjectEventSchema>

export const HubEventSchema = Type.Object(
  {
    op: opOf('the hub is new or says something else of itself', 'how it is has changed'),
    hub_id: Type.String(),
    revision: nullable(Type.String({ description: 'Its incarnation' })),
    value: nullable(Type.Unsafe<Member>({ $ref: 'Member#' })),
  },
  { $id: 'HubEvent' },
)
export type HubEvent = Static<typeof HubEventSchema>

export const ResetEventSchema = Type.Object(
  {
    scope: Type.Enum(['all', 'hub'], {
      description: 'all: drop everything you hold, all of it follows; hub: all that this hub wrote follows',
    }),
    hub_id: nullable(Type.String({ description: 'Whose slice of the catalog made it necessary' })),
    reason: Type.Enum(['epoch', 'unknown', 'trimmed', 'ahead', 'slow'], {
      description:
        'epoch: the slice has begun anew; unknown: this hub does not hold it, its hub was forgotten or it has not ' +
        'arrived; trimmed: removals that you were not told of are no longer kept; ahead: the cursor is further than this hub; slow: you were too far behind',
    }),
  },
  { $id: 'ResetEvent' },
)
export type ResetEvent = Static<typeof ResetEventSchema>

// What this hub is and believes: its own state, and all members it knows of.

import { type HubId, hubIdPattern } from '../../core/ids.ts'
import { Type } from '../../core/schema.ts'
import type { LocalHub } from '../../hub/calls.ts'
import {
  DirectoryEntrySchema,
  ForgetSchema,
  ForgottenSchema,
  MemberSchema,
  StatusSchema,
  WhySchema,
} from '../../hub/shapes.ts'
import { ask } from './entries.ts'
import { problem, ref } from './openapi.ts'
import type { App } from './options.ts'
import { Refused } from './problems.ts'

export function hubRoutes(app: App, hub: LocalHub): void {
  app.get(
    '/api/status',
    {
      schema: {
        tags: ['hub'],
        summary: "This hub's state and how fresh its view of the federation is",
        response: { 200: ref(StatusSchema) },
      },
    },
    async () => hub.views.status(hub.now()),
  )
  app.get(
    '/api/members',
    {
      schema: {
        tags: ['hub'],
        summary: 'All hubs of the federation, this one included, as this hub believes them to be',
        description: 'What only another region knows is null.',
        response: { 200: Type.Array(ref(MemberSchema)) },
      },
    },
    async () => [...hub.views.members(hub.now())],
  )
  app.get(
    '/api/directory',
    {
      schema: {
        tags: ['hub'],
        summary: 'All hubs that have written into the catalog and were not forgotten, with what they say of themselves',
        description: 'Also those that member lists have dropped: what they wrote is held until they are forgotten.',
        response: { 200: Type.Array(ref(DirectoryEntrySchema)) },
      },
    },
    async () => [...hub.views.directory()],
  )
  why(app, hub)
  forget(app, hub)
}

function why(app: App, hub: LocalHub): void {
  app.get(
    '/api/members/:hub/why',
    {
      schema: {
        tags: ['hub'],
        summary: 'Why this hub believes of another what it does',
        description:
          'Who accused it, over which path, how well the accuser heard itself and what became of it; and the reachability ' +
          'matrix of its pools, in which a cut that works one way is asymmetric.',
        params: Type.Object({ hub: Type.String({ pattern: hubIdPattern }) }),
        response: { 200: ref(WhySchema), 400: problem, 404: problem },
      },
    },
    async ({ params }) => {
      const found = hub.views.why(params.hub as HubId, hub.now())
      if (!found.ok) throw new Refused(found)
      return found.why
    },
  )
}

function forget(app: App, hub: LocalHub): void {
  app.post(
    '/admin/forget',
    {
      schema: {
        tags: ['admin'],
        summary: 'Forget hubs for good, on every hub',
        description:
          'All of them or none. Only hubs that are dead or have left. What they wrote into the catalog is taken over first, ' +
          'unless `with_data` is set. A hub that is started again under a forgotten name is a new one.',
        body: ForgetSchema,
        response: { 200: ref(ForgottenSchema), 400: problem, 404: problem, 409: problem, 429: problem, 503: problem },
      },
    },
    async ({ body }) => {
      const hubs = body.hubs as HubId[]
      await ask(hub, { type: 'forget', hubs, withData: body.with_data ?? false }, 'forgotten')
      return { forgotten: [...new Set(hubs)] }
    },
  )
}

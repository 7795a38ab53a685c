// What this hub is and believes: its own state, and all members it knows of.

import { Type } from 'typebox'
import type { LocalHub } from '../../hub/calls.ts'
import { MemberSchema, StatusSchema } from '../../hub/shapes.ts'
import { ref } from './openapi.ts'
import type { App } from './options.ts'

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
}

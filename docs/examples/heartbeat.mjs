// Lists this program's hub in a federation and keeps it online for as long as it runs.
//   FEDERATION_URL=http://localhost:8080 PROJECT_SLUG=atlas HUB_URL=http://10.0.0.7:3000 node heartbeat.mjs

import { HubMesh } from 'hubmesh/client'

const { PROJECT_SLUG: slug = 'atlas', HUB_URL: hub_url = 'http://localhost:3000' } = process.env
// The addresses, the key and whether to take part: FEDERATION_URL, FEDERATION_API_KEY, FEDERATION_ENABLED.
const hubmesh = new HubMesh()

const pulse = hubmesh.heartbeat(slug, {
  registration: { name: 'Atlas', hub_url, tags: ['example'] },
  onBeat: ({ status, next_within_s }) =>
    console.log(`${slug} is ${status} at ${hubmesh.hub}, next in ${next_within_s} s`),
  onError: (error, pauseMs) => console.error(`${error.message}; tried again in ${Math.round(pauseMs)} ms`),
})

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => hubmesh.close())
await pulse.ended

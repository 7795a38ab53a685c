// `hubmesh status`: what one hub is and how fresh its view is.

import { Command } from 'commander'
import { type Status, StatusSchema } from '../hub/shapes.ts'
import { type AskOptions, ask, withHub } from './client.ts'
import { table } from './table.ts'

export function statusCommand(): Command {
  const command = new Command('status').description("a hub's state and its view of the federation")
  return withHub(command).action(async (options: AskOptions) => {
    const status = await ask(options, '/api/status', StatusSchema)
    console.log(options.json ? JSON.stringify(status, null, 2) : describe(status))
  })
}

function describe({ view, catalog, links, ...hub }: Status): string {
  const facts = [
    ['hub', `${hub.hub_id} (${hub.tier}, region ${hub.region}, federation ${hub.federation})`],
    ['peer', hub.peer_id],
    ['state', `${hub.state}, up ${Math.round(hub.uptime_s)} s, version ${hub.version}`],
    [
      'view',
      `${view.state} since ${view.since}; catalog ${view.digest}, ${view.digests_alive} different among live hubs`,
    ],
    ['catalog', `${catalog.projects} projects, ${catalog.records} records in ${catalog.slices} slices`],
    ['links', `${links.open} open, ${links.dialling} dialling, parents ${links.parents.join(', ') || 'none'}`],
  ]
  const regions = Object.entries(view.regions).map(([name, region]) => [
    name,
    region.state,
    `${region.hubs_alive} of ${region.hubs_known}`,
    region.as_of,
  ])
  const lines = facts.map(([name, fact]) => `${(name ?? '').padEnd(8)} ${fact}`)
  return [...lines, '', table(['REGION', 'VIEW', 'ALIVE', 'AS OF'], regions)].join('\n')
}

// `hubmesh projects`: the catalog, with what is up.

import { Command, Option } from 'commander'
import { Type } from '../core/schema.ts'
import { type Project, ProjectSchema } from '../hub/shapes.ts'
import { type AskOptions, ask, withHub } from './client.ts'
import { age, table } from './table.ts'

const headings = ['PROJECT', 'STATUS', 'HOME', 'REGION', 'BEAT', 'NAME', 'WHY']

export function projectsCommand(): Command {
  const command = new Command('projects')
    .description('the projects of the federation')
    .addOption(new Option('--status <status>', 'only these').choices(['online', 'degraded', 'offline']))
  return withHub(command).action(async (options: AskOptions & { readonly status?: string }) => {
    const query = options.status === undefined ? '' : `?status=${options.status}`
    const projects = await ask(options, `/api/fed/projects${query}`, Type.Array(ProjectSchema))
    console.log(options.json ? JSON.stringify(projects, null, 2) : table(headings, projects.map(row)))
  })
}

function row({ slug, status, home, region, last_heartbeat_at, name, status_reasons }: Project): string[] {
  const beat = age(last_heartbeat_at, Date.now())
  return [slug, status, home ?? '-', region ?? '-', beat, name, status_reasons.join(', ')]
}

// `hubmesh directory`: all hubs that the catalog lists, those that member lists have dropped included.

import { Command } from 'commander'
import { Type } from '../core/schema.ts'
import { type DirectoryEntry, DirectoryEntrySchema } from '../hub/shapes.ts'
import { type AskOptions, ask, withHub } from './client.ts'
import { age, table } from './table.ts'

const headings = ['HUB', 'TIER', 'REGION', 'STATUS', 'RECORDS', 'SAID', 'VERSION', 'ADDRESS']

export function directoryCommand(): Command {
  const command = new Command('directory').description(
    'all hubs that have written into the catalog, and where they are',
  )
  return withHub(command).action(async (options: AskOptions) => {
    const entries = await ask(options, '/api/directory', Type.Array(DirectoryEntrySchema))
    console.log(options.json ? JSON.stringify(entries, null, 2) : table(headings, entries.map(row)))
  })
}

function row(entry: DirectoryEntry): string[] {
  const { hub_id, tier, region, status, records, provisional, updated_at, version, addresses } = entry
  const held = provisional ? 'to come' : String(records)
  const said = updated_at === null ? '-' : `${age(updated_at, Date.now())} ago`
  return [hub_id, tier ?? '-', region ?? '-', status, held, said, version ?? '-', addresses[0] ?? '-']
}

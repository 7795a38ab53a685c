// What replication of the catalog costs and how fast it is. `npm run bench -- catalog [--only sync,start,...]`: bytes are
// application frames both ways, with their length before them, without noise and yamux; times are of real processes.

import { parseArgs } from 'node:util'
import { newcomer } from './catalog/newcomer.ts'
import { single } from './catalog/single.ts'
import { healed } from './catalog/split.ts'
import { spread } from './catalog/spread.ts'
import { start } from './catalog/start.ts'
import { sync } from './catalog/sync.ts'
import { writes } from './catalog/writes.ts'
import type { Report } from './row.ts'

type Part = () => Promise<Report>

const parts: Readonly<Record<string, Part>> = { sync, split: healed, start, newcomer, spread, writes, single }

export async function catalog(args: readonly string[]): Promise<Report> {
  const options = {
    only: { type: 'string', default: Object.keys(parts).join(',') },
    json: { type: 'boolean' },
  } as const
  const { only } = parseArgs({ args: [...args], options }).values
  const reports: Report[] = []
  for (const name of only.split(',')) {
    const part = parts[name]
    if (part === undefined) throw new Error(`catalog has no part ${name}: ${Object.keys(parts).join(', ')}`)
    reports.push(await part())
  }
  return { rows: reports.flatMap(({ rows }) => rows), text: reports.flatMap(({ text }) => text) }
}

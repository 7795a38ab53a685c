// What the HTTP API of one hub costs, beside bare Fastify and beside the central design. `npm run bench -- http [--only
// reads,federated,beats,tail,central]`. Server and load have a core each; cases take turns, medians count. On a shared machine
// the wall says little, so the figures are CPU of the server per answer, user and kernel together (bare over hub is the share
// that the hub reaches), and what one core answers at that cost; rates by the wall stand beside them. Shipped defaults, with
// a real key and a rate limit that is never reached.

import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { heartbeats } from './http/beats.ts'
import { central } from './http/central.ts'
import { federated } from './http/federated.ts'
import { reads } from './http/reads.ts'
import { tail } from './http/tail.ts'
import type { Report } from './row.ts'

type Part = () => Promise<Report>

const parts: Readonly<Record<string, Part>> = { reads, federated, beats: heartbeats, tail, central }

export async function http(args: readonly string[]): Promise<Report> {
  const options = {
    only: { type: 'string', default: Object.keys(parts).join(',') },
    json: { type: 'boolean' },
  } as const
  const { only } = parseArgs({ args: [...args], options }).values
  const reports: Report[] = []
  for (const name of only.split(',')) {
    const part = parts[name]
    if (part === undefined) throw new Error(`http has no part ${name}: ${Object.keys(parts).join(', ')}`)
    const before = loadavg()[0]
    const { rows, text } = await part()
    reports.push({
      rows,
      text: [...text, `${name}: load ${before?.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after`],
    })
  }
  return { rows: reports.flatMap(({ rows }) => rows), text: reports.flatMap(({ text }) => text) }
}

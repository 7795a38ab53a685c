// One hub beside the central design that it replaces (bench/central): the same thousand projects, the same requests in turn.
// Here the figures are rates by the wall, because waiting for its database is a part of that design.

import { startCentral } from '../central/central.ts'
import type { Report, Row } from '../row.ts'
import { type Case, type Found, interleaved, type Server } from './load.ts'
import {
  beat,
  guarded,
  keyHeader,
  onePath,
  onStage,
  projects,
  projectsPath,
  registration,
  send,
  slugOf,
} from './stage.ts'

/** Few connections: of sixty-four lists at once that design would answer none for seconds. */
const pace = { rounds: 3, seconds: 3, connections: 16 }
const slugs = Array.from({ length: projects }, (_, nth) => slugOf(nth))

/** What, by which requests, and how many times as fast a hub is to be. */
const table = [
  ['GET one project', [{ path: onePath }], 20],
  ['GET list of 1,000', [{ path: projectsPath }], 200],
  ['heartbeat', slugs.map(beat), 20],
  ['register', slugs.map(registration), 10],
] as const

export async function central(): Promise<Report> {
  const other = await startCentral()
  try {
    return await onStage(async (stage) => {
      const hub = await stage.hub({ id: 'central', settings: guarded }, true)
      for (const slug of slugs) await send(other, registration(slug))
      const found = await interleaved([...casesOf('central', other), ...casesOf('hub', hub)], stage.pace)
      return reportOf(found)
    }, pace)
  } finally {
    await other.close()
  }
}

function casesOf(name: string, server: Server): Case[] {
  return table.map(([what, requests]) => {
    const keyed = requests.map((request) => ({ ...request, headers: keyHeader }))
    return { name: `${name} ${what}`, server, requests: keyed }
  })
}

function reportOf(found: ReadonlyMap<string, Found>): Report {
  const rateOf = (name: string): number => found.get(name)?.perSecond ?? Number.NaN
  const rows = table.map(([what, , least]): Row => {
    const [theirs, ours] = [rateOf(`central ${what}`), rateOf(`hub ${what}`)]
    return {
      what: `${what}, of a hub over the central design (${ours.toFixed(0)} and ${theirs.toFixed(0)}/s)`,
      measured: `${(ours / theirs).toFixed(0)}x`,
      target: `≥ ${least}x`,
      isMet: ours / theirs >= least,
    }
  })
  const text = [...found].map(([name, { cpuMicros }]) => `${name}: ${cpuMicros.toFixed(0)} us CPU of the server itself`)
  return { rows, text }
}

// Reads of one hub on one core, beside bare Fastify on the same core: what an answer costs of the server's CPU.

import type { Report, Row } from '../row.ts'
import { type Case, type Found, interleaved, type Server } from './load.ts'
import { guarded, keyHeader, onePath, onStage, projectsPath, send, unguarded } from './stage.ts'

const pace = { rounds: 5, seconds: 2 }
const hundredPath = `${projectsPath}?limit=100`

export async function reads(): Promise<Report> {
  return onStage(async (stage) => {
    const hub = await stage.hub({ id: 'guarded', settings: guarded }, true)
    const open = await stage.hub({ id: 'open', settings: unguarded }, true)
    const textOf = async (path: string) => (await send(hub, { path, headers: keyHeader })).text()
    const bare = await stage.bare({ '/100': await textOf(hundredPath), '/1000': await textOf(projectsPath) })
    const cases = [...hubCases('hub', hub, await tagsOf(hub)), ...hubCases('open', open, await tagsOf(open))]
    const floors = ['/', '/100', '/1000'].map((path) => ({ name: `bare ${path}`, server: bare, requests: [{ path }] }))
    return reportOf(await interleaved([...floors, ...cases], stage.pace))
  }, pace)
}

interface Tags {
  readonly one: string
  readonly list: string
}

async function tagsOf(server: Server): Promise<Tags> {
  const tagOf = async (path: string) => (await send(server, { path, headers: keyHeader })).headers.get('etag') ?? ''
  return { one: await tagOf(onePath), list: await tagOf(projectsPath) }
}

function hubCases(name: string, server: Server, tags: Tags): Case[] {
  const headers = name === 'hub' ? keyHeader : {}
  const one = (what: string, path: string, more: Readonly<Record<string, string>> = {}): Case => {
    return { name: `${name} ${what}`, server, requests: [{ path, headers: { ...headers, ...more } }] }
  }
  return [
    one('one', onePath),
    one('100', hundredPath),
    one('1000', projectsPath),
    one('one 304', onePath, { 'if-none-match': tags.one }),
    one('1000 304', projectsPath, { 'if-none-match': tags.list }),
  ]
}

/** Name of the hub's case, what it is, beside which floor, and the least share of it. */
const table = [
  ['one', 'GET one project', 'bare /', 80],
  ['100', 'GET a page of 100', 'bare /100', 80],
  ['1000', 'GET list of 1,000', 'bare /1000', 80],
  ['one 304', '304 of one project', 'bare /', 100],
  ['1000 304', '304 of the list of 1,000', 'bare /', 100],
] as const

function reportOf(found: ReadonlyMap<string, Found>): Report {
  const rows: Row[] = []
  const text = [...found].map(([name, { perSecond, cpuMicros, p50Micros, p99Micros }]) => {
    const rate = `${perSecond.toFixed(0)}/s`.padStart(9)
    return `${name.padEnd(16)} ${rate} ${cpuMicros.toFixed(1).padStart(7)} us CPU  p50 ${p50Micros} us  p99 ${p99Micros} us`
  })
  for (const [name, what, floor, percent] of table) {
    const share = shareOf(found, `hub ${name}`, floor)
    const withoutAll = shareOf(found, `open ${name}`, floor)
    rows.push({
      what: `${what}, of bare Fastify (${withoutAll.toFixed(0)} % without key and rate)`,
      measured: `${share.toFixed(0)} %`,
      target: `≥ ${percent} %`,
      isMet: share >= percent,
    })
  }
  return { rows, text }
}

/** Percent: CPU of the floor over CPU of the hub, per answer. */
function shareOf(found: ReadonlyMap<string, Found>, name: string, floor: string): number {
  return (100 * (found.get(floor)?.cpuMicros ?? 0)) / (found.get(name)?.cpuMicros ?? Number.NaN)
}

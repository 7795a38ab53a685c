// Synced writes over HTTP at one hub with two peers linked: 64 callers on connections that stay, each with the next write as
// soon as the last is answered; and how far the peers are behind ten seconds later.

import { Agent, request } from 'node:http'
import { Federation, type HubProcess } from '../../test/federation/processes.ts'
import type { Report } from '../row.ts'
import { until } from '../until.ts'

const callers = 64
const warmMs = 2_000
const measuredMs = 10_000
const targetPerSecond = 5_000
const lagTargetMs = 1_000
const patience = { withinMs: 60_000, everyMs: 20 }
/** Each caller writes the same entries over and over: a slice holds so many. */
const entriesPerCaller = 50

export async function writes(): Promise<Report> {
  const federation = await Federation.open('defaults')
  try {
    const one = await federation.add({ id: 'one', tier: 'global' })
    const peers = [
      await federation.add({ id: 'two', tier: 'global', bootstrap: [one.p2p] }),
      await federation.add({ id: 'three', tier: 'global', bootstrap: [one.p2p] }),
    ]
    for (const hub of federation.hubs) hub.start()
    await until(async () => (await one.beliefs()).length === 3 && (await one.isHealthy()), patience)
    const floor = await load(one, 'GET', warmMs)
    await load(one, 'POST', warmMs)
    const rate = await load(one, 'POST', measuredMs)
    await one.post('/api/fed/projects', { slug: 'marker', name: 'marker' })
    const answeredAt = performance.now()
    const sees = async (hub: HubProcess): Promise<boolean> => (await hub.project('marker')).slug === 'marker'
    await until(async () => (await Promise.all(peers.map(sees))).every(Boolean), patience)
    const lagMs = performance.now() - answeredAt
    return {
      rows: [
        {
          what: `synced writes, ${callers} callers (floor: ${floor.toFixed(0)}/s health)`,
          measured: `${rate.toFixed(0)}/s`,
          target: `≥ ${targetPerSecond}/s`,
          isMet: rate >= targetPerSecond,
        },
        {
          what: 'lag of its peers when the load ends',
          measured: `${lagMs.toFixed(0)} ms`,
          target: `≤ ${lagTargetMs} ms`,
          isMet: lagMs <= lagTargetMs,
        },
      ],
      text: [],
    }
  } finally {
    await federation.close()
  }
}

/** Answers a second. GET: of what costs no write, on the same connections. */
async function load(hub: HubProcess, method: 'GET' | 'POST', forMs: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: callers })
  const endsAt = performance.now() + forMs
  let answered = 0
  const caller = async (nth: number): Promise<void> => {
    for (let i = 0; performance.now() < endsAt; i++) {
      const slug = `w-${nth}-${i % entriesPerCaller}`
      const path = method === 'GET' ? '/health/live' : '/api/fed/projects'
      const status = await once(hub.http + path, {
        method,
        agent,
        body: JSON.stringify({ slug, name: `${slug} ${i}` }),
      })
      if (status < 300) answered++
      else throw new Error(`${method} ${path} was answered with ${status}`)
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, nth) => caller(nth)))
  agent.destroy()
  return (answered * 1_000) / forMs
}

interface Asked {
  readonly method: 'GET' | 'POST'
  readonly agent: Agent
  readonly body: string
}

function once(url: string, { method, agent, body }: Asked): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers =
      method === 'POST' ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}
    const asked = request(url, { method, agent, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    asked.once('error', reject)
    asked.end(method === 'POST' ? body : undefined)
  })
}

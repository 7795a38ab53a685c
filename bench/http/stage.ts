// What the HTTP bench asks: hubs with a key, a rate limit that is looked at and never reached, and a thousand projects that
// are online; and bare Fastify, which sends the same bytes.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Federation, type HubPlan, type HubProcess } from '../../test/federation/processes.ts'
import { until } from '../until.ts'
import { type Pace, pinned, provide, type Request, type Server } from './load.ts'

export const projects = 1_000
export const projectsPath = '/api/fed/projects'
export const onePath = `${projectsPath}/${slugOf(500)}`
const key = 'bench-0123456789abcdef0123456789abcdef0123456789abcdef0123456789'
/** Within the interval that the hub asks for; a part in ten thousand of its core. */
const beatEveryMs = 20_000
const patience = { withinMs: 60_000, everyMs: 50 }

/** As the contract has it. */
export const keyHeader = { 'x-api-key': key }
export const guarded = {
  security: {
    api_keys: [{ name: 'bench', hash: `sha256:${createHash('sha256').update(key).digest('hex')}`, role: 'admin' }],
  },
  limits: { request_rate: 1_000_000 },
}
/** No keys, so no rates: the machine itself is let in. Nobody asks for metrics; requests are counted all the same. */
export const unguarded = { monitoring: { metrics_enabled: false } }

export function slugOf(nth: number): string {
  return `project-${String(nth).padStart(4, '0')}`
}

export interface Stage {
  readonly pace: Pace
  /** A hub on the server's core (or wherever its launcher says), with or without projects. */
  hub(plan: HubPlan, isFull: boolean): Promise<Server & { readonly process: HubProcess }>
  /** Bare Fastify that sends these bodies. */
  bare(bodies: Readonly<Record<string, string>>): Promise<Server>
}

/** Everything that was started is stopped when `act` is done. */
export async function onStage<T>(act: (stage: Stage) => Promise<T>, pace: Omit<Pace, 'folder'>): Promise<T> {
  provide('command -v wrk', ['wrk'])
  const folder = await mkdtemp(join(tmpdir(), 'hubmesh-http-'))
  const federation = await Federation.open('defaults')
  const closers: (() => Promise<unknown>)[] = [() => federation.close()]
  try {
    return await act({
      pace: { ...pace, folder },
      hub: async (plan, isFull) => {
        const hub = await startHub(federation, plan)
        if (isFull) closers.push(await fill(hub))
        return hub
      },
      bare: async (bodies) => {
        const { server, close } = await startBare(folder, bodies)
        closers.push(close)
        return server
      },
    })
  } finally {
    for (const close of closers.reverse()) await close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function startHub(federation: Federation, plan: HubPlan) {
  const hub = await federation.add({ launcher: pinned, ...plan })
  hub.start()
  await until(() => hub.isHealthy(), patience)
  return { url: hub.http, pids: [hub.pid ?? 0], process: hub }
}

/** A thousand projects that beat, so that their status stays as it is. Returns what ends that. */
async function fill(server: Server): Promise<() => Promise<void>> {
  const slugs = Array.from({ length: projects }, (_, nth) => slugOf(nth))
  for (let i = 0; i < slugs.length; i += 50) {
    await Promise.all(slugs.slice(i, i + 50).map((slug) => send(server, registration(slug))))
  }
  const beating = (): Promise<unknown> => send(server, beats(slugs))
  await beating()
  const timer = setInterval(beating, beatEveryMs)
  return async () => clearInterval(timer)
}

export function registration(slug: string): Request {
  const body = { slug, name: `Project ${slug}`, hub_url: `http://${slug}.example:3000`, tags: ['web', 'eu'] }
  return { method: 'POST', path: projectsPath, headers: keyHeader, body: JSON.stringify(body) }
}

/** A batch of heartbeats. */
export function beats(slugs: readonly string[]): Request {
  const body = slugs.map((slug) => ({ slug, status: 'online', version: '1.2.3' }))
  return { method: 'POST', path: '/api/fed/heartbeats', headers: keyHeader, body: JSON.stringify(body) }
}

export function beat(slug: string): Request {
  const body = JSON.stringify({ status: 'online', version: '1.2.3' })
  return { method: 'POST', path: `${projectsPath}/${slug}/heartbeat`, headers: keyHeader, body }
}

/** Sends one request; throws when it is refused. */
export async function send({ url }: Server, { method = 'GET', path, headers, body }: Request): Promise<Response> {
  const typed = body === undefined ? {} : { body, headers: { ...headers, 'content-type': 'application/json' } }
  const response = await fetch(url + path, { method, headers: { ...headers }, ...typed })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response
}

async function startBare(folder: string, bodies: Readonly<Record<string, string>>) {
  const given: string[] = []
  for (const [nth, [path, body]] of Object.entries(bodies).entries()) {
    const file = join(folder, `body-${nth}`)
    await writeFile(file, body)
    given.push(`${path}=${file}`)
  }
  const [command, ...args] = [...pinned, process.execPath, join(import.meta.dirname, 'bare.ts'), ...given]
  const child = spawn(command ?? '', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = await once(createInterface(child.stdout), 'line')
  const server = { url: String(url), pids: [child.pid ?? 0] }
  const close = async (): Promise<void> => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return { server, close }
}

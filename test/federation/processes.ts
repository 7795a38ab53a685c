// Real hubs as real processes, each with its own data directory and free ports, and a proxy that can stop passing bytes.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, connect as dial, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Health, Member, Project, Status } from '../../src/hub/shapes.ts'
import { freePort } from '../ports.ts'

const root = join(import.meta.dirname, '..', '..')

export interface HubPlan {
  readonly id: string
  readonly tier?: 'global' | 'regional' | 'local'
  readonly region?: string
  readonly bootstrap?: readonly string[]
  readonly announce?: readonly string[]
  /** Where its peers find it; by default a free port. */
  readonly p2pPort?: number
  /** The address that port is on; one beyond loopback opens the federation. */
  readonly host?: string
  /** Settings beside those above, by section. */
  readonly settings?: Readonly<Record<string, object>>
  /** A command that runs the hub's command line, in its own process: `unshare --net`. */
  readonly launcher?: readonly string[]
  /** Told of each line that the hub prints. */
  readonly onLine?: (line: string) => void
}

/** A hub that can be started, killed and asked. Its data directory outlives its processes. */
export class HubProcess {
  readonly id: string
  readonly dataDir: string
  readonly p2p: string
  readonly http: string
  readonly #plan: HubPlan
  readonly #config: string
  #child: ChildProcess | undefined
  #log = ''

  constructor(plan: HubPlan, files: { config: string; dataDir: string }, ports: { p2p: number; http: number }) {
    this.id = plan.id
    this.dataDir = files.dataDir
    this.p2p = `${plan.host ?? '127.0.0.1'}:${ports.p2p}`
    this.http = `http://127.0.0.1:${ports.http}`
    this.#plan = plan
    this.#config = files.config
  }

  /** Of the running process. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Everything the processes have printed. */
  get log(): string {
    return this.#log
  }

  /** Started, and neither ended nor killed since. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  start(): void {
    const own = [process.execPath, 'bin/hubmesh.mjs', 'start', '--config', this.#config]
    const [command = process.execPath, ...args] = [...(this.#plan.launcher ?? []), ...own]
    const child = spawn(command, args, {
      cwd: root,
      // The channel ends the hub when this process dies before it could.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child.stdout?.on('data', (chunk) => {
      this.#log += chunk
    })
    child.stderr?.on('data', (chunk) => {
      this.#log += chunk
    })
    const { onLine } = this.#plan
    if (onLine !== undefined && child.stdout !== null) createInterface(child.stdout).on('line', onLine)
    this.#child = child
  }

  /** Freezes the process, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  /** Ends the process and answers its exit code; undefined when the signal killed it. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | undefined> {
    const child = this.#child
    if (child === undefined) return undefined
    this.#child = undefined
    if (child.exitCode !== null) return child.exitCode
    const exited = once(child, 'exit')
    child.kill(signal)
    const [code] = await exited
    return typeof code === 'number' ? code : undefined
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.http + path, { headers: { connection: 'close' } })
    return (await response.json()) as T
  }

  async post(path: string, body: unknown = {}): Promise<number> {
    const headers = { 'content-type': 'application/json', connection: 'close' }
    const response = await fetch(this.http + path, { method: 'POST', headers, body: JSON.stringify(body) })
    await response.arrayBuffer()
    return response.status
  }

  /** Nothing ails it but, perhaps, the machine that runs all of these tests at once. */
  async isHealthy(): Promise<boolean> {
    const health = await this.get<Health>('/health').catch(() => undefined)
    const { runtime: _, ...checks } = health?.checks ?? {}
    return health?.state === 'ready' && Object.values(checks).every(({ status }) => status === 'pass')
  }

  async status(): Promise<Status> {
    return this.get('/api/status')
  }

  /** What this hub believes of each hub: `id status`, sorted. */
  async beliefs(): Promise<string[]> {
    return (await this.get<Member[]>('/api/members')).map((member) => `${member.hub_id} ${member.status}`)
  }

  async project(slug: string): Promise<Project & { readonly code?: string }> {
    return this.get(`/api/fed/projects/${slug}`)
  }
}

const quick = {
  gossip: { interval: 0.5 },
  membership: { probe_interval: 0.4, probe_timeout: 0.2 },
  presence: { flush_interval: 0.2 },
  catalog: { projects_file: '', sync_interval: 1 },
}

/** A folder of hubs; `close` ends all that still run and removes the folder. */
export class Federation {
  readonly hubs: HubProcess[] = []
  /** Where the data directories are, each by its hub's name. */
  readonly folder: string
  readonly #pace: object

  private constructor(folder: string, pace: object) {
    this.folder = folder
    this.#pace = pace
  }

  /** `quick`: hubs that probe and flush more often than by default, so that tests need not wait. */
  static async open(pace: 'quick' | 'defaults' = 'quick'): Promise<Federation> {
    const folder = await mkdtemp(join(tmpdir(), 'hubmesh-federation-'))
    return new Federation(folder, pace === 'quick' ? quick : { catalog: { projects_file: '' } })
  }

  async add(plan: HubPlan): Promise<HubProcess> {
    const ports = { p2p: plan.p2pPort ?? (await freePort()), http: await freePort() }
    const path = join(this.folder, `${plan.id}.yaml`)
    const host = plan.host ?? '127.0.0.1'
    const sections: Record<string, object> = {
      node: {
        id: plan.id,
        hub_tier: plan.tier ?? 'local',
        region: plan.region ?? 'north',
        data_dir: join(this.folder, plan.id),
        join_grace: 3,
      },
      network: {
        http_port: ports.http,
        listen: [`${host}:${ports.p2p}`],
        bootstrap: plan.bootstrap ?? [],
        announce: plan.announce ?? [],
      },
      ...(host.startsWith('127.') ? {} : { federation: { open: true } }),
      ...this.#pace,
    }
    for (const [name, more] of Object.entries(plan.settings ?? {})) sections[name] = { ...sections[name], ...more }
    // JSON is YAML.
    await writeFile(path, JSON.stringify(sections))
    const hub = new HubProcess(plan, { config: path, dataDir: join(this.folder, plan.id) }, ports)
    this.hubs.push(hub)
    return hub
  }

  async close(): Promise<void> {
    await Promise.all(this.hubs.map((hub) => hub.end('SIGKILL')))
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Passes TCP to a port until it is cut; then the connections stay and nothing goes through any more. */
export class DroppingProxy {
  readonly #sockets = new Set<Socket>()
  readonly #server
  #isCut = false
  /** Bytes that arrived after the cut and went nowhere. */
  dropped = 0
  passed = 0

  constructor(target: number) {
    this.#server = createServer((inbound) => {
      const outbound = dial(target, '127.0.0.1')
      this.#join(inbound, outbound)
      this.#join(outbound, inbound)
    })
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  cut(): void {
    this.#isCut = true
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.on('data', (bytes) => {
      if (this.#isCut) this.dropped += bytes.length
      else {
        this.passed += bytes.length
        to.write(bytes)
      }
    })
    from.on('error', () => from.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      if (!this.#isCut) to.destroy()
    })
  }
}

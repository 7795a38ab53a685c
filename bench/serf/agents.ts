// A fleet of real Serf agents (hashicorp/serf, Debian's package `serf`), on its LAN profile, which is its default.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../test/ports.ts'
import { comesAbout, type Fleet, type Mate, type Status, say, View } from './mate.ts'
import { loopback, type Place, type Seat } from './place.ts'

export interface AgentFleet {
  readonly agents: number
  readonly place?: Place
  readonly logs?: string
}

const install = ['apt-get', 'install', '-y', '--no-install-recommends', 'serf'] as const
const events: Readonly<Record<string, Status>> = { Join: 'alive', Failed: 'dead', Leave: 'left' }
const eventLine = /serf: EventMember(Join|Failed|Leave): (\S+)/
/** How long an agent may take until it says that it runs. */
const readyMs = 20_000

/** Installs the package when it is missing and this user may; throws with the command otherwise. */
export function provideSerf(): void {
  if (hasSerf()) return
  if (process.getuid?.() !== 0) throw new Error(`serf is not installed: run \`${install.join(' ')}\` as root first`)
  say(`serf is not installed: ${install.join(' ')}`)
  const [command, ...args] = install
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

function hasSerf(): boolean {
  try {
    execFileSync('serf', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export async function agentFleet({ agents, place, logs }: AgentFleet): Promise<Fleet> {
  const mates: AgentMate[] = []
  for (let i = 0; i < agents; i++) {
    const seat = (place ?? loopback).seat(i)
    const ports = { gossip: seat.port ?? (await freePort()), rpc: await freePort() }
    const seeds = mates.slice(0, 2).map((mate) => mate.address)
    mates.push(new AgentMate({ id: `s${i + 1}`, seat, ports, seeds, logs }))
  }
  const close = async (): Promise<void> => {
    await Promise.all(mates.map((mate) => mate.kill()))
  }
  // As the hubs: the first two are asked by everybody, also by each other after a restart.
  mates[0]?.seeds.push(...mates.slice(1, 2).map((mate) => mate.address))
  return { name: 'Serf', mates, close }
}

interface AgentPlan {
  readonly id: string
  readonly seat: Seat
  readonly ports: { readonly gossip: number; readonly rpc: number }
  readonly seeds: readonly string[]
  readonly logs: string | undefined
}

class AgentMate implements Mate {
  readonly id: string
  readonly view = new View()
  readonly address: string
  readonly seeds: string[]
  readonly #plan: AgentPlan
  #child: ChildProcess | undefined
  #runs = false

  constructor(plan: AgentPlan) {
    this.id = plan.id
    this.address = `${plan.seat.host}:${plan.ports.gossip}`
    this.seeds = [...plan.seeds]
    this.#plan = plan
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  async start(): Promise<void> {
    const { seat, ports } = this.#plan
    const own = ['serf', 'agent', '-node', this.id, '-bind', this.address, '-rpc-addr', `127.0.0.1:${ports.rpc}`]
    const joins = this.seeds.flatMap((seed) => ['-retry-join', seed, '-retry-interval', '1s'])
    const [command = 'serf', ...args] = [...seat.launcher, ...own, ...joins]
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    this.#runs = false
    createInterface(child.stdout).on('line', (line) => this.#read(line))
    if (child.pid !== undefined) await seat.joined(child.pid)
    if (!(await comesAbout(() => this.#runs, readyMs))) throw new Error(`${this.id} does not start`)
  }

  /** Serf sends datagrams. */
  async links(): Promise<undefined> {
    return undefined
  }

  async kill(): Promise<void> {
    this.view.clear()
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  cut(): void {
    this.#plan.seat.cut()
  }

  #read(line: string): void {
    const { logs } = this.#plan
    // Its own stamps have no fractions of a second: the line counts when it is read, a few milliseconds later.
    const at = Date.now()
    if (logs !== undefined) appendFileSync(join(logs, `${this.id}.log`), `${new Date(at).toISOString()} ${line}\n`)
    if (line.includes('Serf agent running')) this.#runs = true
    const [, event = '', of] = eventLine.exec(line) ?? []
    const status = events[event]
    if (status !== undefined && of !== undefined) this.view.note(of, status, at)
  }
}

// A fleet of real hubs, each a process, read by the lines of its log.

import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { Federation, type HubPlan, type HubProcess } from '../../test/federation/processes.ts'
import { comesAbout, type Fleet, type Mate, type Status, View } from './mate.ts'
import { loopback, type Place, type Seat } from './place.ts'

export interface HubFleet {
  readonly regions: number
  readonly hubsPerRegion: number
  /** Regional hubs of each region; the others are local. */
  readonly regionals: number
  readonly settings?: Readonly<Record<string, object>>
  readonly place?: Place
  /** A directory for the logs, which are then written at level debug. */
  readonly logs?: string
}

/** How long a hub may take from its start to its line that it is ready. */
const readyMs = 150_000

interface Line {
  readonly timestamp?: string
  readonly operation?: string
  readonly msg?: string
  readonly hub?: string
  readonly pool?: string
}

const statuses: Readonly<Record<string, Status>> = {
  'hub is alive': 'alive',
  'hub is suspect': 'suspect',
  'hub is dead': 'dead',
  'hub is left': 'left',
  'hub of another region is alive': 'alive',
  'hub of another region is suspect': 'suspect',
  'hub of another region is dead': 'dead',
  'hub of another region is left': 'left',
}

export async function hubFleet(plan: HubFleet): Promise<Fleet> {
  const federation = await Federation.open('defaults')
  const mates: HubMate[] = []
  const bootstrap: string[] = []
  const isOf = (hub: string, region: number) => Math.floor((Number(hub.slice(1)) - 1) / plan.hubsPerRegion) === region
  for (let region = 0; region < plan.regions; region++) {
    // The first of a region are asked by the others, whatever their tier; those of the first region by all.
    const seeds = bootstrap.slice(0, 2)
    for (let i = 0; i < plan.hubsPerRegion; i++) {
      const seat = (plan.place ?? loopback).seat(mates.length)
      const mate = new HubMate(`h${mates.length + 1}`, { seat, logs: plan.logs, isNear: (hub) => isOf(hub, region) })
      await mate.join(federation, {
        id: mate.id,
        tier: i < plan.regionals ? 'regional' : 'local',
        region: `r${region + 1}`,
        bootstrap: [...seeds],
        ...(plan.settings === undefined ? {} : { settings: plan.settings }),
      })
      if (i < 2) seeds.push(mate.p2p)
      if (i < 2 && region === 0) bootstrap.push(mate.p2p)
      mates.push(mate)
    }
  }
  return { name: 'HubMesh', mates, close: () => federation.close() }
}

interface Standing {
  readonly seat: Seat
  readonly logs: string | undefined
  /** Whether a hub is of the same region. */
  readonly isNear: (hub: string) => boolean
}

class HubMate implements Mate {
  readonly id: string
  readonly view = new View()
  readonly #seat: Seat
  readonly #logs: string | undefined
  readonly #isNear: (hub: string) => boolean
  #process: HubProcess | undefined
  #isReady = false

  constructor(id: string, { seat, logs, isNear }: Standing) {
    this.id = id
    this.#seat = seat
    this.#logs = logs
    this.#isNear = isNear
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false
  }

  get p2p(): string {
    return this.#process?.p2p ?? ''
  }

  async join(federation: Federation, plan: HubPlan): Promise<void> {
    const { host, port, launcher } = this.#seat
    const debug = this.#logs === undefined ? {} : { monitoring: { log_level: 'debug' } }
    this.#process = await federation.add({
      ...plan,
      host,
      launcher,
      settings: { ...plan.settings, ...debug },
      onLine: (line) => this.#read(line),
      ...(port === undefined ? {} : { p2pPort: port }),
    })
  }

  async start(): Promise<void> {
    this.#isReady = false
    this.#process?.start()
    const pid = this.pid
    if (pid !== undefined) await this.#seat.joined(pid)
    if (!(await comesAbout(() => this.#isReady, readyMs)))
      throw new Error(`${this.id} is not ready: ${this.#process?.log.slice(-2_000)}`)
  }

  async links(): Promise<number | undefined> {
    return (await this.#process?.status())?.links.open
  }

  async kill(): Promise<void> {
    this.view.clear()
    await this.#process?.end('SIGKILL')
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.signal(signal)
  }

  cut(): void {
    this.#seat.cut()
  }

  #read(text: string): void {
    if (this.#logs !== undefined) appendFileSync(join(this.#logs, `${this.id}.log`), `${text}\n`)
    const line = parse(text)
    if (line?.msg === 'this hub is ready') this.#isReady = true
    const status = statuses[line?.msg ?? '']
    if (status === undefined || line?.hub === undefined) return
    // Of the two pools that two regional hubs of one region share theirs counts: it is the one of all survivors.
    if (line.pool === 'backbone' && this.#isNear(line.hub)) return
    this.view.note(line.hub, status, Date.parse(line.timestamp ?? ''))
  }
}

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}

// One member of a fleet under test, a hub or a Serf agent, and what it has said of the others. Everything is read from
// what the processes print as it happens: asking them would cost more than what is measured.

export type Status = 'alive' | 'suspect' | 'dead' | 'left'

export interface Death {
  readonly of: string
  /** Unix time, milliseconds. */
  readonly at: number
}

/** What one member believes, as it printed it. */
export class View {
  readonly #statuses = new Map<string, Status>()
  readonly #deaths: Death[] = []

  note(of: string, status: Status, at: number): void {
    this.#statuses.set(of, status)
    if (status === 'dead') this.#deaths.push({ of, at })
  }

  /** The process has ended: its successor begins with nothing. */
  clear(): void {
    this.#statuses.clear()
  }

  isAlive(id: string): boolean {
    return this.#statuses.get(id) === 'alive'
  }

  get deaths(): readonly Death[] {
    return this.#deaths
  }
}

export interface Mate {
  readonly id: string
  readonly view: View
  readonly pid: number | undefined
  /** Whether a process that was started still is there; that it ended by itself is a finding, and ends the bench. */
  readonly isRunning: boolean
  /** Links that it holds now; undefined where it has none. */
  links(): Promise<number | undefined>
  /** Resolves when the process takes part. */
  start(): Promise<void>
  kill(): Promise<void>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Its packets go nowhere from now on, until it starts again; only where its place can do that. */
  cut(): void
}

export interface Fleet {
  readonly name: 'HubMesh' | 'Serf'
  readonly mates: readonly Mate[]
  close(): Promise<void>
}

/** A start is a second of CPU: more at once, and a small machine's hubs miss each other's first words. */
const startedAtOnce = 3

/** Starts the members few by few, those that the others ask first; returns when everybody holds everybody alive. */
export async function gather(fleet: Fleet): Promise<void> {
  const startedAt = performance.now()
  for (let i = 0; i < fleet.mates.length; i += startedAtOnce)
    await Promise.all(fleet.mates.slice(i, i + startedAtOnce).map((mate) => mate.start()))
  await whole(fleet)
  say(`${fleet.name}: ${fleet.mates.length} are together after ${seconds(performance.now() - startedAt)}`)
}

/** Waits until everybody holds everybody alive; throws with who is in the way. */
export async function whole(fleet: Fleet): Promise<void> {
  if (await comesAbout(() => isWhole(fleet.mates) || fleet.mates.some((mate) => !mate.isRunning), 180_000)) {
    if (isWhole(fleet.mates)) return
  }
  const ended = fleet.mates.filter((mate) => !mate.isRunning).map((mate) => mate.id)
  const lonely = fleet.mates.flatMap((mate) => {
    const missed = fleet.mates.filter((other) => other !== mate && !mate.view.isAlive(other.id)).map(({ id }) => id)
    return missed.length === 0 ? [] : [`${mate.id} holds not alive: ${missed.join()}`]
  })
  throw new Error(`${fleet.name} is not together; ended by themselves: ${ended.join() || 'none'}; ${lonely.join('; ')}`)
}

/** Whether every one holds every other alive. */
export function isWhole(mates: readonly Mate[]): boolean {
  return mates.every((mate) => mates.every((other) => other === mate || mate.view.isAlive(other.id)))
}

export async function comesAbout(holds: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > deadline) return false
    await pause(50)
  }
  return true
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`
}

/** Progress; the table alone goes to standard output. */
export function say(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)
}

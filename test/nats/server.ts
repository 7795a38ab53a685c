// A real NATS server for tests, and publishers as projects have them.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect as dial } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { freePort } from '../ports.ts'
import { mayLeaveOut } from '../processes.ts'

/** For `skipIf`: there is no NATS server on this machine. */
export const isWithoutNats = mayLeaveOut('nats-server', '--version')

/** Every server that still runs. */
const running = new Set<ChildProcess>()

/** For `afterAll`: none outlives its test, also where that failed. */
export function killServers(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** A server on a port of its own, which it has again after it was killed. */
export class NatsServer {
  readonly port: number
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  /** Not started yet. */
  static async make(args: readonly string[] = []): Promise<NatsServer> {
    return new NatsServer(await freePort(), args)
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    this.#child = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(this.port), ...this.#args], { stdio: 'ignore' })
    const child = this.#child
    running.add(child)
    child.once('exit', () => running.delete(child))
    await once(child, 'spawn')
    while (!(await isListening(this.port))) await wait(20)
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  publisher(options: { readonly user?: string; readonly pass?: string } = {}): Promise<NatsConnection> {
    return connect({ servers: `127.0.0.1:${this.port}`, maxReconnectAttempts: -1, reconnectTimeWait: 100, ...options })
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

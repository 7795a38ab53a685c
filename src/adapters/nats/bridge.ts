// The bridge from NATS: hubs that share servers listen in one queue group, so that each heartbeat reaches one of them. What
// a hub takes from there it takes as from any caller: a project whose home is elsewhere stays there. The hub depends on no
// server: it starts without, and looks for one for ever.

import { setTimeout as wait } from 'node:timers/promises'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type Millis, second } from '../../core/time.ts'
import type { Answer, LocalHub } from '../../hub/calls.ts'
import { presenceSubject, readBeat } from './beats.ts'
import { Intake } from './intake.ts'
import { connectionOptions, type NatsSettings, shownServers } from './servers.ts'

export interface NatsReading {
  readonly status: 'connected' | 'disconnected' | 'disabled'
  /** Of the servers, without who this hub is to them; null where there is no bridge. */
  readonly url: string | null
}

/** `refused` by the hub, with a reason that HTTP would have told. */
export type BeatOutcome = 'taken' | 'refused' | 'malformed' | 'dropped'

export interface NatsLog {
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
  debug(fields: object, message: string): void
}

export interface BridgeOptions {
  readonly name: string
  readonly settings: NatsSettings
  readonly hub: Pick<LocalHub, 'call'>
  readonly log: NatsLog
  readonly metrics: {
    /** A message came over NATS. */
    readonly published: () => void
    /** What became of it. */
    readonly bridged: (outcome: BeatOutcome) => void
    readonly connected: (isConnected: boolean) => void
  }
}

const queueGroup = 'hubmesh'
const operation = 'nats'
const shortestPauseMs: Millis = 0.5 * second
const longestPauseMs: Millis = 5 * second
/** For the messages under way when the hub stops. */
const drainMs: Millis = 1 * second

export class NatsBridge {
  readonly #options: BridgeOptions
  readonly #intake: Intake
  readonly #ending = new AbortController()
  #connection: NatsConnection | undefined
  /** Undefined: not yet known. */
  #isConnected: boolean | undefined
  /** Why this hub may not listen at the server. */
  #refusal: string | undefined
  /** What the server said last that was wrong; since it was connected. */
  #complaint: string | undefined
  /** Whether the hub takes beats: a member of the group that refuses them loses them. */
  #isOpen = false

  constructor(options: BridgeOptions) {
    this.#options = options
    const answered = ({ slug }: { slug: string }, answer: Answer) => this.#answered(slug, answer)
    this.#intake = new Intake({ hub: options.hub, answered })
  }

  /** Begins to look for a server, where there is one to be looked for. Returns what ends that. */
  start(): () => Promise<void> {
    if (this.reading().status !== 'disabled') void this.#run()
    return () => this.#stop()
  }

  reading(): NatsReading {
    const { url = '' } = this.#options.settings
    if (url === '') return { status: 'disabled', url: null }
    return { status: this.#isConnected === true ? 'connected' : 'disconnected', url: shownServers(url) }
  }

  /** The hub takes beats from now on. */
  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    const connection = this.#connection
    if (connection?.isClosed() === false) this.#subscribe(connection)
  }

  /** Leaves the group, so that the others get what comes, and hands the hub what came. */
  async #stop(): Promise<void> {
    this.#ending.abort()
    const connection = this.#connection
    if (connection === undefined) return
    await Promise.race([connection.drain().catch(() => undefined), wait(drainMs, undefined, { ref: false })])
    await connection.close().catch(() => undefined)
    this.#intake.flush()
  }

  /** One connection after the other. The client mends a broken one by itself; what it gives up is made anew here. */
  async #run(): Promise<void> {
    const { settings, name } = this.#options
    const { signal } = this.#ending
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const connection = await connect(await connectionOptions(settings, name))
        if (signal.aborted) return await connection.close()
        if (await this.#live(connection)) failures = 0
      } catch (error) {
        this.#note(false, messageOf(error))
      }
      const pauseMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** failures) * (0.5 + Math.random() / 2)
      await wait(pauseMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  /** Until the client gives the connection up. False: it was of no use, since this hub may not listen there. */
  async #live(connection: NatsConnection): Promise<boolean> {
    this.#connection = connection
    this.#refusal = undefined
    if (this.#isOpen) this.#subscribe(connection)
    // The server has answered by then whether it may.
    await connection.flush().catch(() => undefined)
    const isOfUse = this.#refusal === undefined
    if (isOfUse) this.#note(true)
    this.#watch(connection).catch(() => undefined)
    const why = await connection.closed()
    this.#connection = undefined
    this.#note(false, this.#refusal ?? (why === undefined ? 'closed' : messageOf(why)))
    return isOfUse
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const event of connection.status()) {
      if (event.type === 'reconnect') this.#note(true)
      else if (event.type === 'disconnect') this.#note(false, 'the connection ended')
      else if (event.type === 'error') this.#complain(messageOf(event.error))
    }
  }

  /** Once, however often the server says it: whoever is not let in tries again twice a second. */
  #complain(error: string): void {
    if (this.#complaint === error) return
    this.#complaint = error
    this.#options.log.warn({ operation, error }, 'the NATS server refuses something')
  }

  #subscribe(connection: NatsConnection): void {
    connection.subscribe(presenceSubject, {
      queue: queueGroup,
      callback: (error, message) => {
        if (error === null) this.#hear(message.subject, message.data)
        else {
          this.#refusal = messageOf(error)
          void connection.close().catch(() => undefined)
        }
      },
    })
  }

  #hear(subject: string, bytes: Uint8Array): void {
    const { metrics, log } = this.#options
    metrics.published()
    const read = readBeat(subject, bytes)
    if (!read.ok) {
      metrics.bridged('malformed')
      log.debug(
        { operation, subject: subject.slice(0, 200), reason: read.reason },
        'a message over NATS is no heartbeat',
      )
    } else if (!this.#intake.add(read)) {
      metrics.bridged('dropped')
    }
  }

  #answered(slug: string, answer: Answer): void {
    const { metrics, log } = this.#options
    metrics.bridged(answer.ok ? 'taken' : 'refused')
    if (!answer.ok) log.debug({ operation, slug, reason: answer.code }, 'a heartbeat over NATS was refused')
  }

  /** Logged when it changes. */
  #note(isConnected: boolean, error?: string): void {
    if (this.#isConnected === isConnected || this.#ending.signal.aborted) return
    this.#isConnected = isConnected
    if (isConnected) this.#complaint = undefined
    const { log, metrics } = this.#options
    const { url } = this.reading()
    metrics.connected(isConnected)
    if (isConnected) log.info({ operation, url }, 'connected to NATS: heartbeats are taken from there')
    else log.warn({ operation, url, error }, 'NATS is away: it is looked for until it is back')
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

// One driver under test, between ports that write down what is asked of them; the test plays disk, network and clock.

import type { Address, PeerId } from '../../src/core/ids.ts'
import { never } from '../../src/core/time.ts'
import type { Answer } from '../../src/hub/calls.ts'
import { Driver, type Started } from '../../src/hub/driver.ts'
import type { HubChange } from '../../src/hub/effects.ts'
import { sayHello } from '../../src/hub/hello.ts'
import type { Codec, NetworkEvents, Ports, StoredOp } from '../../src/hub/ports.ts'
import { at, infoOf, peerOf, testKeys } from '../core/kit.ts'
import { alpha, settingsFor } from './kit.ts'

export const codec: Codec = {
  encode: (value) => new TextEncoder().encode(JSON.stringify(value)),
  pack: (value) => codec.encode(value),
  decode: (bytes) => {
    try {
      return JSON.parse(new TextDecoder().decode(bytes))
    } catch {
      return undefined
    }
  },
}

interface Persist {
  readonly keys: readonly string[]
  readonly synced: boolean
  answer(ok: boolean): void
}

export class World {
  readonly log: string[] = []
  readonly changes: HubChange[] = []
  readonly started: Started[] = []
  readonly persists: Persist[] = []
  readonly sent: { readonly to: PeerId; readonly channel: string; readonly kind: string }[] = []
  readonly disk = new Map<string, Uint8Array>()
  readonly driver: Driver
  now = 0
  armed: { at: number; wake: () => void } = { at: never, wake: () => undefined }
  loaded: () => void = () => undefined
  loadFailed: (reason: string) => void = () => undefined
  opened: () => void = () => undefined
  openFailed: (reason: string) => void = () => undefined
  closed: () => void = () => undefined
  /** How many batches were answered by `running` and `flush`. */
  #flushed = 0
  #events: NetworkEvents | undefined

  constructor(change: Parameters<typeof settingsFor>[1] = {}) {
    const settings = settingsFor('me', change)
    this.driver = new Driver({ ports: this.#ports(), settings, onChange: (each) => this.changes.push(each) })
  }

  /** Started, its first write durable, its network open. */
  static running(change: Parameters<typeof settingsFor>[1] = {}): World {
    const world = new World(change)
    world.start()
    world.loaded()
    world.flush()
    world.opened()
    return world
  }

  get events(): NetworkEvents {
    if (this.#events === undefined) throw new Error('the network is not open')
    return this.#events
  }

  start(): void {
    this.driver.start((started) => this.started.push(started))
  }

  /** The disk takes everything that waits for it, and what follows from that. */
  flush(): void {
    for (; this.#flushed < this.persists.length; this.#flushed++) this.persists[this.#flushed]?.answer(true)
  }

  register(answers: Answer[] = []): Answer[] {
    this.driver.call({ type: 'register', slug: alpha, registration: {} }, (answer) => answers.push(answer))
    return answers
  }

  link(name: string): void {
    this.events.linkUp(peerOf(name), this.hello(name), infoOf(name).addresses[0] ?? ('/' as Address))
  }

  hello(name: string): Uint8Array {
    return codec.encode(sayHello(settingsFor(name), infoOf(name), 3_600_000))
  }

  #ports(): Ports {
    return {
      codec,
      keys: testKeys(peerOf('me')),
      clock: {
        now: () => at(this.now),
        arm: (when, wake) => {
          this.armed = { at: when, wake }
        },
      },
      store: {
        load: (done, failed) => {
          this.log.push('load')
          const entries = [...this.disk].map(([key, value]) => ({ key, value }))
          this.loaded = () => done(entries, false)
          this.loadFailed = failed
        },
        persist: (batch, synced, done) => this.#persist(batch, synced, done),
      },
      network: {
        open: (events, ready, failed) => {
          this.log.push('open')
          this.#events = events
          this.opened = () => ready(infoOf('me').addresses)
          this.openFailed = failed
        },
        connect: ({ peer }) => this.log.push(`connect ${peer}`),
        disconnect: (peer) => this.log.push(`disconnect ${peer}`),
        release: (peer) => this.log.push(`release ${peer}`),
        abort: (peer) => this.log.push(`abort ${peer}`),
        send: (to, channel, bytes) => this.sent.push({ to, channel, kind: kindOf(bytes) }),
        publish: (topic, bytes) => this.log.push(`publish ${topic} ${kindOf(bytes)}`),
        close: (done) => {
          this.log.push('close')
          this.closed = done
        },
      },
    }
  }

  #persist(batch: readonly StoredOp[], synced: boolean, done: (ok: boolean) => void): void {
    const keys = batch.map((op) => ('put' in op ? op.put : op.del))
    this.log.push(`persist ${keys.join(' ')}`)
    this.persists.push({ keys, synced, answer: done })
  }
}

function kindOf(bytes: Uint8Array): string {
  return (codec.decode(bytes) as { kind: string }).kind
}

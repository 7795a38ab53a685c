// A hub that is spoken to by peers who say anything: the product's driver and HTTP API, between ports that the fuzzer plays.
// It believes every signature, so that what is said gets as far as it can.

import { simulatedHashing } from '../../simulations/engine/keys.ts'
import { simulatedSettings } from '../../simulations/settings.ts'
import { cborCodec } from '../../src/adapters/codec.ts'
import { createHttp } from '../../src/adapters/http/app.ts'
import type { App } from '../../src/adapters/http/options.ts'
import type { Address, PeerId } from '../../src/core/ids.ts'
import type { Topic } from '../../src/core/machine.ts'
import type { Millis, Now } from '../../src/core/time.ts'
import { Driver } from '../../src/hub/driver.ts'
import type { Clock, HubKeys, Network, NetworkEvents, Store, StoredEntry } from '../../src/hub/ports.ts'
import { type Corpus, infoIn } from './corpus.ts'

/** When the simulated federation of the corpus lived, or a moment later. */
const begins: Millis = 1_767_225_640_000
const topicOf: Readonly<Record<string, Topic>> = { catalog: 'catalog', presence: 'presence', tier: 'members' }

export class Victim {
  readonly driver: Driver
  readonly #peers: readonly PeerId[]
  #events: NetworkEvents | undefined
  #now: Now = { mono: 0, wall: begins }
  #due: Millis = Number.POSITIVE_INFINITY
  #wake: () => void = () => {}
  #turn = 0

  /** `isCredulous`: it believes roots as well (C10). */
  constructor({ hellos, rows }: Pick<Corpus, 'hellos' | 'rows'>, isCredulous = false) {
    const own = infoIn(hellos[0] ?? new Uint8Array())
    const plan = { hub: own.hub, region: own.region, tier: own.tier, bootstrap: [], skewMs: 0 }
    const usual = simulatedSettings({ plan, peer: own.peer, seed: 1 })
    const settings = { ...usual, catalog: { ...usual.catalog, isCredulous } }
    const keys: HubKeys = {
      ...simulatedHashing,
      sign: () => 'signature',
      verify: () => true,
      verifyLater: (_, done) => done(true),
    }
    const ports = { clock: this.#clock(), store: storeOf(rows), network: this.#network(), codec: cborCodec, keys }
    this.driver = new Driver({ ports, settings, onChange: () => undefined })
    this.driver.start(() => undefined)
    const others = hellos.filter((hello) => infoIn(hello).hub !== own.hub)
    this.#peers = [...new Set(others.map((hello) => infoIn(hello).peer))]
    for (const hello of others) this.#events?.linkUp(infoIn(hello).peer, hello, '/test' as Address)
  }

  /** A frame from a linked peer or, where its kind is one of those, published by one. Time goes on a little. */
  hear(bytes: Uint8Array): void {
    this.#turn++
    const peer = this.#peers[this.#turn % this.#peers.length]
    if (peer === undefined || this.#events === undefined) throw new Error('nobody is linked')
    const kind = kindIn(bytes)
    const topic = this.#turn % 2 === 0 ? topicOf[kind.split('.')[0] ?? ''] : undefined
    if (topic === undefined) this.#events.message(peer, bytes)
    else this.#events.gossip(topic, peer, bytes)
    this.#pass(20)
  }

  /** The hello of a peer that would like to be let in. */
  meet(bytes: Uint8Array): void {
    const peer = `stranger-${this.#turn++ % 10}` as PeerId
    this.#events?.admit(peer, bytes)
    this.#events?.linkUp(peer, bytes, '/test' as Address)
    this.#events?.linkDown(peer, 'closed')
  }

  /** The product's HTTP API before this hub. */
  http(): Promise<App> {
    const quiet = () => undefined
    const metrics = {
      contentType: 'text/plain',
      observe: quiet,
      refused: quiet,
      watchers: quiet,
      sent: quiet,
      asked: quiet,
      text: async () => '',
    }
    const log = { isLevelEnabled: () => false, error: quiet, warn: quiet, info: quiet, debug: quiet }
    return createHttp({
      hub: this.driver,
      hasStarted: () => true,
      nats: () => ({ status: 'disabled', url: null }),
      log,
      audit: log,
      access: { keys: [], roles: {}, adminTrust: [], trustedProxies: [], requestRate: 1_000 },
      metrics,
      inside: {
        logAt: () => '',
        queues: () => ({}),
        caches: () => ({}),
        heap: async () => ({ file: '', bytes: 0, took_ms: 0 }),
      },
      network: () => ({ gossip: {}, oversized: 0, waiting: 0, dropped: {}, garbage: {} }),
      archive: async () => [],
      exposesMetrics: false,
      maxBodyBytes: 1024 * 1024,
      maxBatch: 1_000,
      maxPage: 1_000,
      maxWatchers: 10,
      version: '0.0.0',
    })
  }

  #pass(ms: Millis): void {
    const until = this.#now.mono + ms
    while (this.#due <= until) {
      const mono = Math.max(this.#now.mono, this.#due)
      this.#now = { mono, wall: begins + Math.floor(mono) }
      this.#due = Number.POSITIVE_INFINITY
      this.#wake()
    }
    this.#now = { mono: until, wall: begins + Math.floor(until) }
  }

  #clock(): Clock {
    return {
      now: () => this.#now,
      arm: (at, wake) => {
        this.#due = at
        this.#wake = wake
      },
    }
  }

  #network(): Network {
    const quiet = () => undefined
    return {
      open: (events, ready) => {
        this.#events = events
        ready(['/test' as Address])
      },
      connect: quiet,
      disconnect: quiet,
      release: quiet,
      abort: quiet,
      send: quiet,
      publish: quiet,
      close: (done) => done(),
    }
  }
}

/** A disk that takes everything and keeps nothing. */
function storeOf(rows: readonly StoredEntry[]): Store {
  return { load: (done) => done(rows, false), persist: (_batch, _synced, done) => done(true) }
}

function kindIn(bytes: Uint8Array): string {
  const value = cborCodec.decode(bytes)
  const isNamed = typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
  return isNamed ? String(value.kind) : ''
}

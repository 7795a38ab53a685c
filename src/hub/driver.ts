// Runs one hub: feeds it inputs, performs its effects in order, keeps one timer at its earliest deadline. The only code
// between the pure hub and its ports, the same in production and in the simulator.

import { type Refusal, refuse } from '../core/errors.ts'
import type { Address } from '../core/ids.ts'
import type { CallId } from '../core/machine.ts'
import { hour, type Millis, type Now, never } from '../core/time.ts'
import { seal } from '../core/wire.ts'
import type { Answer, Call, LocalHub, ProjectReader, Watched } from './calls.ts'
import type { HubChange, HubEffect, HubInput } from './effects.ts'
import { judgeHello, sayHello } from './hello.ts'
import { Hub } from './hub.ts'
import { isBulk } from './inbox.ts'
import type { NetworkEvents, Ports } from './ports.ts'
import type { Sample } from './pulse.ts'
import type { Settings } from './settings.ts'
import { isAlive } from './sight.ts'
import { comeBack, encodedOp, incarnationOp, livedOp, type Remembered, remember } from './stored.ts'
import { HubViews } from './views.ts'
import { Watch } from './watch.ts'

export interface DriverOptions {
  readonly ports: Ports
  readonly settings: Settings
  /** Told of everything that happens, after it has happened: for metrics and logs. */
  readonly onChange: (change: HubChange) => void
}

export type Started = { readonly ok: true } | { readonly ok: false; readonly reason: string }

type Saying = Pick<HubEffect & { readonly type: 'send' }, 'kind' | 'body'>

export class Driver implements LocalHub {
  readonly #ports: Ports
  readonly #settings: Settings
  readonly #onChange: (change: HubChange) => void
  readonly #inputs: HubInput[] = []
  readonly #callers = new Map<CallId, (answer: Answer) => void>()
  #hub: Hub | undefined
  #views: HubViews | undefined
  /** From the first reader on. */
  #watch: Watch | undefined
  readonly #wake = (): void => this.#feed({ type: 'tick' })
  /** What was encoded last. */
  #said: (Saying & { readonly bytes: Uint8Array }) | undefined
  #calls = 0
  /** When (monotonic) it was last noted that this hub lives (C14). */
  #notedAt: Millis = -hour
  #isRunning = false
  #isStopped = false

  constructor(options: DriverOptions) {
    this.#ports = options.ports
    this.#settings = options.settings
    this.#onChange = options.onChange
  }

  /** The running hub, for reading. Throws before `start` is done. */
  get hub(): Hub {
    if (this.#hub === undefined) throw new Error('the hub is read before it has started')
    return this.#hub
  }

  get views(): HubViews {
    this.#views ??= new HubViews(this.hub)
    return this.#views
  }

  now(): Now {
    return this.#ports.clock.now()
  }

  /** Reads the store, makes the new incarnation durable, opens the network, and begins. */
  start(done: (started: Started) => void): void {
    const { store, codec, network } = this.#ports
    const fail = (reason: string): void => done({ ok: false, reason })
    store.load((entries, isDamaged) => {
      const wall = Math.floor(this.now().wall)
      const { hub, catalog } = this.#settings
      const retentionMs = catalog.removalRetentionMs
      const life = { hub, wall, retentionMs, isDamaged }
      const { remembered, batch } = comeBack(remember(entries, codec), entries, life)
      // M1: above every incarnation this hub ever had, also when its clock went backwards.
      const incarnation = Math.max(wall, remembered.incarnation + 1)
      const first = [incarnationOp(incarnation), ...batch].map((op) => encodedOp(op, this.#ports.codec))
      store.persist(first, true, (ok) => {
        if (!ok) return fail('the disk did not take the first write; free space or mend the data directory')
        const events = this.#events()
        network.open(
          events,
          (addresses) => {
            if (this.#isStopped) return
            this.#begin({ remembered, incarnation, addresses })
            done({ ok: true })
          },
          fail,
        )
      })
    }, fail)
  }

  /** Asks the hub something; `done` is called once, possibly at once. */
  call(request: Call, done: (answer: Answer) => void): void {
    const refusal = this.#reasonAgainst()
    const call = ++this.#calls
    if (refusal === undefined) {
      this.#callers.set(call, done)
      this.#feed({ type: 'call', call, request })
    } else done(refusal)
  }

  watch(since: string | undefined, wake: () => void): Watched {
    const refusal = this.#reasonAgainst()
    if (refusal !== undefined) return refusal
    return this.#reading().open(since, wake)
  }

  /** What callers read of projects; the hub must have started. */
  get listing(): ProjectReader {
    return this.#reading().listing
  }

  #reading(): Watch {
    if (this.#watch === undefined) {
      this.#watch = new Watch({ hub: this.hub, views: this.views, now: () => this.now() })
      this.#arm(this.hub)
    }
    return this.#watch
  }

  #reasonAgainst(): Refusal | undefined {
    if (this.#hub === undefined) return refuse('starting', 'This hub has not started yet; try again in a second')
    return this.#isStopped ? refuse('leaving', 'This hub has stopped; use another one') : undefined
  }

  /** What the runtime measured of this process, about once a second. */
  pulse(sample: Sample): void {
    this.#feed({ type: 'pulse', sample })
  }

  /** Tells everyone that this hub goes; it takes no more calls. */
  leave(): void {
    this.#feed({ type: 'leave' })
  }

  /** Leaves, flushes and closes the network. The store is closed by whoever opened it, after `done`. */
  stop(done: () => void): void {
    const hub = this.#hub
    if (hub !== undefined) this.leave()
    this.#ports.network.close(() => {
      if (hub !== undefined && !this.#isStopped) this.#noteLife(hub)
      this.halt()
      done()
    })
  }

  /** Takes and does nothing more from now on. */
  halt(): void {
    this.#isStopped = true
    this.#ports.clock.arm(never, () => undefined)
    for (const done of this.#callers.values()) done(refuse('leaving', 'This hub stopped before it could answer'))
    this.#callers.clear()
  }

  // ---- the loop

  #begin(boot: { remembered: Remembered; incarnation: number; addresses: readonly Address[] }): void {
    const now = this.now()
    const hub = new Hub({ settings: this.#settings, keys: this.#ports.keys, ...boot, now })
    this.#hub = hub
    if (!boot.remembered.isReturning) this.#notedAt = now.mono
    this.#run(hub, hub.start(boot.remembered, now))
  }

  #feed(input: HubInput): void {
    const hub = this.#hub
    if (hub === undefined || this.#isStopped) return
    if (this.#isRunning) this.#inputs.push(input)
    else this.#run(hub, hub.step(input, this.now()))
  }

  /** One input after the other, however they arrive: an effect may call back at once. */
  #run(hub: Hub, first: readonly HubEffect[]): void {
    this.#isRunning = true
    try {
      for (const effect of first) this.#perform(effect)
      for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
        for (const effect of hub.step(input, this.now())) this.#perform(effect)
      }
    } finally {
      this.#isRunning = false
    }
    this.#said = undefined
    this.#watch?.settle(this.now())
    if (!this.#isStopped && this.now().mono >= this.#notedAt + hour) this.#noteLife(hub)
    this.#arm(hub)
  }

  #arm(hub: Hub): void {
    const at = Math.min(hub.deadline(), this.#watch?.deadline() ?? never)
    if (!this.#isStopped) this.#ports.clock.arm(at, this.#wake)
  }

  /** C14: so that the next life knows how long this hub was away. Not before it is all here again. */
  #noteLife(hub: Hub): void {
    if (!hub.catalog.absence.isOver || hub.catalog.reserve.size > 0) return
    const now = this.now()
    this.#notedAt = now.mono
    const lived = { wall: Math.floor(now.wall), sure: Math.floor(hub.catalog.collector.sureWall(now)) }
    this.#ports.store.persist([encodedOp(livedOp(lived), this.#ports.codec)], false, () => undefined)
  }

  #perform(effect: HubEffect): void {
    const { network, keys } = this.#ports
    switch (effect.type) {
      case 'send':
        network.send(effect.to, isBulk(effect.kind) ? 'bulk' : 'control', this.#sealed(effect))
        break
      case 'publish':
        network.publish(effect.topic, this.#sealed(effect))
        break
      case 'persist': {
        const { owner, token } = effect
        const batch = effect.batch.map((op) => encodedOp(op, this.#ports.codec))
        this.#ports.store.persist(batch, effect.synced, (ok) => {
          // What the composition stores nobody waits for.
          if (owner === 'catalog') this.#feed({ type: 'persisted', owner, token, ok })
        })
        break
      }
      case 'sign':
        this.#feed({ type: 'signed', signature: keys.sign(effect.text) })
        break
      case 'verify':
        keys.verifyLater(effect, (ok) => this.#feed({ type: 'verified', token: effect.token, ok }))
        break
      case 'reply': {
        const caller = this.#callers.get(effect.call)
        this.#callers.delete(effect.call)
        caller?.(effect.result)
        break
      }
      case 'connect':
        network.connect(effect)
        break
      case 'disconnect':
      case 'release':
      case 'abort':
        network[effect.type](effect.peer)
        break
      case 'change':
        if (effect.change.type === 'member' || effect.change.type === 'foreign') this.views.note(this.now())
        this.#watch?.note(effect.change, this.now())
        this.#onChange(effect.change)
        break
    }
  }

  /** The bytes of a message. One that goes to several is encoded once: they follow each other. */
  #sealed({ kind, body }: Saying): Uint8Array {
    const said = this.#said
    if (said !== undefined && said.body === body && said.kind === kind) return said.bytes
    const bytes = this.#ports.codec.pack(seal(kind, body))
    this.#said = { kind, body, bytes }
    return bytes
  }

  // ---- the network

  #events(): NetworkEvents {
    const { codec } = this.#ports
    return {
      hello: () => {
        const { info, bootedAt } = this.hub
        return codec.encode(sayHello(this.#settings, info, this.now().mono - bootedAt.mono))
      },
      admit: (peer, bytes) => {
        if (this.#hub === undefined || this.#isStopped) return { ok: false, reason: 'not-running' }
        const judged = judgeHello(this.#settings, peer, codec.decode(bytes))
        if (judged.ok) return { ok: true, hub: judged.hello.info.hub }
        this.#onChange({ type: 'hello-refused', peer, reason: judged.reason })
        if (judged.namesake === undefined) return { ok: false, reason: judged.reason }
        this.#feed({ type: 'namesake', ...judged.namesake })
        // M9: which of the two goes, each finds by the other's hello.
        return { ok: false, reason: judged.reason, isMutual: true }
      },
      isPresent: (peer) => this.#hub !== undefined && isAlive(this.#hub, peer),
      linkUp: (peer, bytes) => {
        const judged = judgeHello(this.#settings, peer, codec.decode(bytes))
        if (judged.ok) this.#feed({ type: 'link-up', info: judged.hello.info, uptimeMs: judged.hello.uptimeMs })
      },
      linkDown: (peer, reason) => this.#feed({ type: 'link-down', peer, reason }),
      dialFailed: (peer, reason) => this.#feed({ type: 'dial-failed', peer, reason }),
      message: (from, bytes) => this.#feed({ type: 'message', from, value: codec.decode(bytes) }),
      gossip: (topic, author, bytes) =>
        this.#feed({ type: 'message', from: author, topic, value: codec.decode(bytes) }),
      garbage: (reason) => this.#onChange({ type: 'dropped', reason }),
    }
  }
}

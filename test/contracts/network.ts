// What every `Network` must do, real or simulated: written only against the port, so that what the hub relies on in
// production is what the simulator plays to it. Time and death belong to the world that is handed in.

import { describe, expect, it } from 'vitest'
import type { Address, PeerId } from '../../src/core/ids.ts'
import type { Topic } from '../../src/core/machine.ts'
import type { Admission, Channel, DownReason, Network, NetworkEvents } from '../../src/hub/ports.ts'

/**
 * Where the hubs of one case live. A simulated world advances its own clock in `until` and `elapse`. `Options` are a world's
 * own; the contract gives none.
 */
export interface NetworkWorld<Options = unknown> {
  /** An unopened network of the hub with this name. The same name again has the same key, address and options. */
  network(name: string, options?: Options): Promise<{ readonly peer: PeerId; readonly network: Network }>
  /** Lets time pass until the claim holds; throws when it does not within `ms`. */
  until(claim: () => boolean, ms: number): Promise<void>
  /** Lets time pass: for claims that something does not happen. */
  elapse(ms: number): Promise<void>
  /** Ends a hub's network without a farewell. Its peers may notice. */
  kill(name: string): Promise<void>
  /** Ends everything. */
  end(): Promise<void>
}

type Failure = Parameters<NetworkEvents['dialFailed']>[1]

/** One hub of a case, and all that its network told it. */
export interface ContractHub {
  readonly name: string
  readonly peer: PeerId
  readonly network: Network
  readonly addresses: readonly Address[]
  readonly ups: { readonly peer: PeerId; readonly hello: string; readonly address: Address }[]
  readonly downs: { readonly peer: PeerId; readonly reason: DownReason }[]
  readonly failures: { readonly peer: PeerId; readonly reason: Failure }[]
  readonly messages: { readonly from: PeerId; readonly bytes: Uint8Array }[]
  readonly gossip: { readonly topic: Topic; readonly author: PeerId; readonly text: string }[]
  readonly garbage: string[]
}

interface Opening<Options> {
  /** Judges a peer's hello; everybody is admitted when it is left out. */
  readonly admit?: (peer: PeerId, hello: string) => Admission
  readonly options?: Options
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const utf8 = (value: string) => new TextEncoder().encode(value)
/** Time for a link, a redial or a gossip beat. */
const soon = 10_000

/** For the whole of a case, whatever clock its world has. */
const realTimeBound = 60_000

/** Opens a network and records what it says. */
export async function openHub<Options>(
  world: NetworkWorld<Options>,
  name: string,
  { admit, options }: Opening<Options> = {},
): Promise<ContractHub> {
  const { peer, network } = await world.network(name, options)
  const hub = { name, peer, network, ups: [], downs: [], failures: [], messages: [], gossip: [], garbage: [] }
  const record: Omit<ContractHub, 'addresses'> = hub
  let addresses: readonly Address[] | undefined
  let failure: string | undefined
  network.open(
    {
      hello: () => utf8(`hello from ${name}`),
      admit: (from, hello) => (admit === undefined ? { ok: true, hub: name as never } : admit(from, text(hello))),
      linkUp: (from, hello, address) => record.ups.push({ peer: from, hello: text(hello), address }),
      linkDown: (from, reason) => record.downs.push({ peer: from, reason }),
      dialFailed: (to, reason) => record.failures.push({ peer: to, reason }),
      message: (from, bytes) => record.messages.push({ from, bytes }),
      gossip: (topic, author, bytes) => record.gossip.push({ topic, author, text: text(bytes) }),
      garbage: (reason) => record.garbage.push(reason),
    },
    (own) => {
      addresses = own
    },
    (reason) => {
      failure = reason
    },
  )
  await world.until(() => addresses !== undefined || failure !== undefined, soon)
  if (addresses === undefined) throw new Error(`${name} did not open: ${failure}`)
  return { ...record, addresses }
}

/** Links that a hub was told of and not told to be gone: 0 or 1 for a correct network. */
export function links(hub: ContractHub, to: ContractHub): number {
  const of = (list: readonly { peer: PeerId }[]) => list.filter((entry) => entry.peer === to.peer).length
  return of(hub.ups) - of(hub.downs)
}

export const linked = (a: ContractHub, b: ContractHub) => links(a, b) === 1 && links(b, a) === 1

export function dial(from: ContractHub, to: ContractHub, eager = true): void {
  from.network.connect({ peer: to.peer, addresses: to.addresses, eager })
}

const heard = (hub: ContractHub, from: ContractHub) =>
  hub.messages.filter((message) => message.from === from.peer).map((message) => text(message.bytes))

/** Publishes until everyone has heard from the author, as a gossip mesh takes some beats to form; fails after `withinMs`. */
export async function gossipReaches(
  world: NetworkWorld,
  { author, others, withinMs = soon }: { author: ContractHub; others: ContractHub[]; withinMs?: number },
): Promise<void> {
  const word = `${author.name} says ${author.gossip.length}`
  const unheard = () =>
    others.some((hub) => !hub.gossip.some((g) => g.author === author.peer && g.text.startsWith(word)))
  for (let round = 0; unheard() && round * 200 < withinMs; round++) {
    author.network.publish('catalog', utf8(`${word} ${round}`))
    await world.until(() => !unheard(), 200).catch(() => {})
  }
  expect(unheard(), `gossip of ${author.name} reaches ${others.map((hub) => hub.name)}`).toBe(false)
}

/** Cases run side by side, each in a world of its own. */
export function networkContract(title: string, makeWorld: () => Promise<NetworkWorld>): void {
  const scene: Scene = (claim, play) =>
    it.concurrent(
      claim,
      async () => {
        const world = await makeWorld()
        try {
          await play(world)
        } finally {
          await world.end()
        }
      },
      realTimeBound,
    )
  describe(`${title} keeps the network contract`, () => {
    linkCases(scene)
    lossCases(scene)
    messageCases(scene)
    gossipCases(scene)
  })
}

type Scene = (claim: string, play: (world: NetworkWorld) => Promise<void>) => void

async function pair(world: NetworkWorld): Promise<[ContractHub, ContractHub]> {
  const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
  dial(a, b)
  await world.until(() => linked(a, b), soon)
  return [a, b]
}

function linkCases(scene: Scene): void {
  scene("tells both ends of a link once, with the other's hello and address", async (world) => {
    const [a, b] = await pair(world)
    expect(a.ups).toEqual([{ peer: b.peer, hello: 'hello from b', address: expect.stringContaining('/') }])
    expect(b.ups).toEqual([{ peer: a.peer, hello: 'hello from a', address: expect.stringContaining('/') }])
    expect([...a.downs, ...b.downs]).toEqual([])
  })

  scene('gives no link to a peer that is not admitted, and tells the dialer', async (world) => {
    const a = await openHub(world, 'a')
    const b = await openHub(world, 'b', {
      admit: (_, hello) => ({ ok: false, reason: `no place for "${hello}"` }),
    })
    dial(a, b)
    await world.until(() => a.failures.length > 0, soon)
    expect(a.failures[0]).toEqual({ peer: b.peer, reason: 'not-admitted' })
    b.network.send(a.peer, 'control', utf8('nothing for you'))
    await world.elapse(300)
    expect([a.ups, b.ups, a.messages]).toEqual([[], [], []])
  })

  scene('gives no link to a peer that the dialer itself does not admit', async (world) => {
    const a = await openHub(world, 'a', { admit: () => ({ ok: false, reason: 'a stranger' }) })
    const b = await openHub(world, 'b')
    dial(a, b)
    await world.until(() => a.failures.length > 0, soon)
    expect(a.failures[0]?.reason).toBe('not-admitted')
    await world.elapse(300)
    expect(links(a, b) + links(b, a)).toBe(0)
  })

  scene('keeps exactly one link when both ends dial at once, and gossip flows both ways', async (world) => {
    const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
    dial(a, b)
    dial(b, a)
    await world.until(() => linked(a, b), soon)
    await world.elapse(1_000)
    expect([links(a, b), links(b, a)]).toEqual([1, 1])
    await gossipReaches(world, { author: a, others: [b] })
    await gossipReaches(world, { author: b, others: [a] })
    expect([a.ups.length, b.ups.length]).toEqual([1, 1])
  })

  scene('dials by itself when the peer that owns the dial does not', async (world) => {
    const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
    dial(a, b, false)
    await world.elapse(500)
    expect(links(a, b)).toBe(0)
    await world.until(() => linked(a, b), soon)
  })
}

function lossCases(scene: Scene): void {
  scene('tells that a link is down when the peer dies, and takes the peer back at its old address', async (world) => {
    const [a, b] = await pair(world)
    await world.kill('b')
    await world.until(() => links(a, b) === 0, soon)
    await world.until(() => a.failures.some((failure) => failure.reason === 'refused'), soon)
    const again = await openHub(world, 'b')
    expect(again.peer).toBe(b.peer)
    await world.until(() => links(a, again) === 1 && again.ups.length === 1, 3 * soon)
  })

  scene('does not dial a peer again that it was told to keep no longer', async (world) => {
    const [a, b] = await pair(world)
    a.network.disconnect(b.peer)
    await world.kill('b')
    await world.until(() => links(a, b) === 0, soon)
    const again = await openHub(world, 'b')
    await world.elapse(1_500)
    expect(again.ups).toEqual([])
  })

  scene('tears a link down at once when told to, and a kept peer comes back', async (world) => {
    const [a, b] = await pair(world)
    a.network.abort(b.peer)
    await world.until(() => a.downs.length === 1 && b.downs.length === 1, soon)
    expect(a.downs).toEqual([{ peer: b.peer, reason: 'aborted' }])
    await world.until(() => linked(a, b), soon)
    expect(a.ups.length).toBe(2)
  })
}

const channelNames: readonly Channel[] = ['control', 'bulk']

function messageCases(scene: Scene): void {
  scene('carries messages in order and whole, both ways, large ones on the bulk channel', async (world) => {
    const [a, b] = await pair(world)
    const large = new Uint8Array(200 * 1024).map((_, i) => (i * 31) % 251)
    const said = Array.from({ length: 100 }, (_, i) => `message ${i}`)
    for (const word of said) a.network.send(b.peer, 'control', utf8(word))
    for (const word of said) b.network.send(a.peer, 'control', utf8(word))
    await world.until(() => heard(b, a).length === 100 && heard(a, b).length === 100, soon)
    expect([heard(b, a), heard(a, b)]).toEqual([said, said])
    a.network.send(b.peer, 'bulk', large)
    a.network.send(b.peer, 'bulk', utf8('after the large one'))
    await world.until(() => b.messages.length === 102, soon)
    expect(b.messages[100]?.bytes).toEqual(large)
    expect(heard(b, a)[101]).toBe('after the large one')
    expect([...a.garbage, ...b.garbage]).toEqual([])
  })

  for (const channel of channelNames)
    scene(`delivers what is sent on ${channel} in the moment a link comes up`, async (world) => {
      const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
      dial(a, b)
      await world.until(() => links(a, b) === 1, soon)
      a.network.send(b.peer, channel, utf8('at once'))
      await world.until(() => b.messages.length === 1, soon)
      expect(heard(b, a)).toEqual(['at once'])
    })

  scene('drops what is sent to a peer without a link, quietly', async (world) => {
    const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
    a.network.send(b.peer, 'control', utf8('lost'))
    dial(a, b)
    await world.until(() => linked(a, b), soon)
    a.network.send(b.peer, 'control', utf8('found'))
    await world.until(() => b.messages.length > 0, soon)
    expect(heard(b, a)).toEqual(['found'])
  })
}

function gossipCases(scene: Scene): void {
  scene('carries gossip to every other hub, through neighbours too, and not to its author', async (world) => {
    const [a, b, c] = [await openHub(world, 'a'), await openHub(world, 'b'), await openHub(world, 'c')]
    dial(a, b)
    dial(c, b)
    await world.until(() => linked(a, b) && linked(b, c), soon)
    await gossipReaches(world, { author: a, others: [b, c] })
    await gossipReaches(world, { author: b, others: [a, c] })
    for (const hub of [a, b, c]) expect(hub.gossip.filter((g) => g.author === hub.peer)).toEqual([])
    expect(c.gossip[0]).toMatchObject({ topic: 'catalog', author: a.peer })
  })

  scene('takes a publication while nobody listens', async (world) => {
    const a = await openHub(world, 'a')
    a.network.publish('members', utf8('anyone?'))
    await world.elapse(50)
    expect([a.gossip, a.garbage]).toEqual([[], []])
  })
}

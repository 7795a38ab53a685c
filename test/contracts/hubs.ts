// Hubs as the network's contract sees them: a port each, and what they were told.

import { expect } from 'vitest'
import type { Address, PeerId } from '../../src/core/ids.ts'
import type { Topic } from '../../src/core/machine.ts'
import type { Admission, DownReason, Network, NetworkEvents } from '../../src/hub/ports.ts'

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
  /** Whom its federation knows to live. */
  readonly living: Set<PeerId>
}

interface Opening<Options> {
  /** Judges a peer's hello; everybody is admitted when it is left out. */
  readonly admit?: (peer: PeerId, hello: string) => Admission
  readonly options?: Options
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
export const utf8 = (value: string) => new TextEncoder().encode(value)
/** Time for a link, a redial or a gossip beat. */
export const soon = 10_000

/** For the whole of a case, whatever clock its world has. */
export const realTimeBound = 60_000

/** Opens a network and records what it says. */
export async function openHub<Options>(
  world: NetworkWorld<Options>,
  name: string,
  { admit, options }: Opening<Options> = {},
): Promise<ContractHub> {
  const { peer, network } = await world.network(name, options)
  const hub = {
    name,
    peer,
    network,
    ups: [],
    downs: [],
    failures: [],
    messages: [],
    gossip: [],
    garbage: [],
    living: new Set<PeerId>(),
  }
  const record: Omit<ContractHub, 'addresses'> = hub
  let addresses: readonly Address[] | undefined
  let failure: string | undefined
  network.open(
    {
      hello: () => utf8(`hello from ${name}`),
      admit: (from, hello) => (admit === undefined ? { ok: true, hub: name as never } : admit(from, text(hello))),
      isPresent: (peer) => record.living.has(peer),
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

export const heard = (hub: ContractHub, from: ContractHub) =>
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

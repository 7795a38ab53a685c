// What is fuzzed: everything that reads what others wrote. How often each is given a frame follows from what it costs.

import { cborCodec } from '../../src/adapters/codec.ts'
import { FrameReader, frame } from '../../src/adapters/libp2p/framer.ts'
import { readBeat } from '../../src/adapters/nats/beats.ts'
import { cursorText, readCursor } from '../../src/core/catalog/cursor.ts'
import type { HubId } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import { maxFrameBytes } from '../../src/core/wire.ts'
import { openMessage } from '../../src/hub/inbox.ts'
import type { Corpus } from './corpus.ts'
import { mutated, mutatedBytes } from './mutate.ts'
import { Victim } from './victim.ts'

export interface Target {
  readonly name: string
  /** Its share of the frames: so many of 2,000. */
  readonly weight: number
  make(random: Random): Uint8Array
  /** Throws when it does not hold. */
  take(frame: Uint8Array): unknown
}

/** A victim is replaced after so many frames, long before it could have forgotten how it came to be as it is. */
const lifeFrames = 20_000
const text = new TextDecoder()
const bytesOf = (said: string): Uint8Array => new TextEncoder().encode(said)

export async function targetsOf(corpus: Corpus): Promise<readonly Target[]> {
  const small = [nats(), cursor(corpus), framer(corpus), codec(corpus)]
  return [await http(corpus), disk(corpus), hello(corpus), hub(corpus), ...small]
}

/** Bytes become values, values messages or a reason against them. */
function codec({ frames, hellos }: Corpus): Target {
  const seeds = [...frames, ...hellos]
  return {
    name: 'codec',
    weight: 1_725,
    make: (random) => mutated(random, seeds),
    take: (frame) => openMessage(cborCodec.decode(frame)),
  }
}

/** A stream of frames: whatever the chunks are that it comes in, the messages are the same. */
function framer({ frames }: Corpus): Target {
  const seeds = frames.map(frame)
  return {
    name: 'framer',
    weight: 90,
    make: (random) => mutatedBytes(random, random.pick(seeds) ?? new Uint8Array(), seeds),
    take(bytes) {
      const at = bytes.length >> 1
      const [whole, halves] = [[bytes], [bytes.subarray(0, at), bytes.subarray(at)]].map((chunks) => {
        const lengths: number[] = []
        const reader = new FrameReader(maxFrameBytes, (message) => lengths.push(message.length))
        return [chunks.every((chunk) => reader.push(chunk)), ...lengths].join()
      })
      if (whole !== halves) throw new Error(`read as ${whole} and as ${halves}`)
    },
  }
}

/** Where a watcher says that it stands. */
function cursor(_: Corpus): Target {
  const places = ['a', 'b', 'hub-c'].map(
    (hub, index) => [hub as HubId, { epoch: `000000${index}`, seq: 40 * index }] as const,
  )
  const seeds = [cursorText(new Map()), cursorText(new Map(places)), cursorText(new Map(places.slice(1)))].map(bytesOf)
  return {
    name: 'cursor',
    weight: 100,
    make: (random) => mutatedBytes(random, random.pick(seeds) ?? new Uint8Array(), seeds),
    take(frame) {
      const said = text.decode(frame)
      const read = readCursor(said)
      if (read !== undefined && cursorText(read) !== said) throw new Error(`read as ${cursorText(read)}`)
    },
  }
}

/** Messages of those who publish heartbeats over NATS. */
function nats(): Target {
  const said = {
    project_slug: 'atlas',
    hub_url: 'http://a',
    mesh_namespace: 'hub.atlas',
    timestamp: '2025-11-18T12:00:00Z',
  }
  const seeds = [said, { status: 'DEGRADED', version: null, degraded_reasons: ['slow'] }].map((one) =>
    bytesOf(JSON.stringify(one)),
  )
  return {
    name: 'nats',
    weight: 20,
    make: (random) => mutatedBytes(random, random.pick(seeds) ?? new Uint8Array(), seeds),
    take: (frame) => readBeat('hub.presence.atlas', frame),
  }
}

/** A whole hub, spoken to by its peers; and another, which believes what they pass on of others. */
function hub(corpus: Corpus): Target {
  const fresh = (): readonly Victim[] => [
    new Victim({ ...corpus, rows: [] }, true),
    new Victim({ ...corpus, rows: [] }),
  ]
  let victims = fresh()
  let frames = 0
  return {
    name: 'hub',
    weight: 40,
    make(random) {
      if (++frames % lifeFrames === 0) victims = fresh()
      return random.chance(0.3) ? (random.pick(corpus.frames) ?? new Uint8Array()) : mutated(random, corpus.frames)
    },
    take: (frame) => victims[frames % 2]?.hear(frame),
  }
}

/** Peers that would like to be let in. */
function hello(corpus: Corpus): Target {
  const victim = new Victim({ ...corpus, rows: [] })
  return {
    name: 'hello',
    weight: 20,
    make: (random) => mutated(random, corpus.hellos),
    take: (frame) => victim.meet(frame),
  }
}

/** A hub that starts on a disk one row of which is another than it was. The frame is the row's number and its value. */
function disk(corpus: Corpus): Target {
  const values = corpus.rows.map(({ value }) => value)
  return {
    name: 'disk',
    weight: 4,
    make(random) {
      const row = random.below(corpus.rows.length)
      const value = mutated(random, [values[row] ?? new Uint8Array(), ...values])
      return Uint8Array.from([row >> 8, row & 255, ...value])
    },
    take([high = 0, low = 0, ...value]) {
      const rows = corpus.rows.map((row, at) =>
        at === high * 256 + low ? { ...row, value: Uint8Array.from(value) } : row,
      )
      const { driver } = new Victim({ ...corpus, rows })
      return driver.views.status(driver.now())
    },
  }
}

const bodies: readonly (readonly [path: string, body: unknown])[] = [
  [
    '/api/fed/projects',
    {
      slug: 'atlas',
      name: 'Atlas',
      hub_url: 'http://a',
      mesh_namespace: 'm',
      tags: ['x', 'y'],
      allow_fanout: ['hub.b'],
    },
  ],
  ['/api/fed/projects/atlas/heartbeat', { status: 'degraded', version: '1', timestamp: 5, degraded_reasons: ['slow'] }],
  ['/admin/forget', { hubs: ['hub-z'], with_data: true }],
]

/** Bodies of requests. The frame is the number of the path, and the body. */
async function http(corpus: Corpus): Promise<Target> {
  const app = await new Victim(corpus).http()
  const seeds = bodies.map(([, body]) => bytesOf(JSON.stringify(body)))
  return {
    name: 'http',
    weight: 1,
    make(random) {
      const path = random.below(bodies.length)
      return Uint8Array.from([path, ...mutatedBytes(random, seeds[path] ?? new Uint8Array(), seeds)])
    },
    async take(frame) {
      const url = bodies[frame[0] ?? 0]?.[0] ?? '/'
      const headers = { 'content-type': 'application/json' }
      const { statusCode } = await app.inject({ method: 'POST', url, headers, payload: Buffer.from(frame.subarray(1)) })
      if (statusCode >= 500 && statusCode !== 503) throw new Error(`answered ${statusCode}`)
    },
  }
}

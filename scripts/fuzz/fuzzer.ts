// Gives broken frames to everything that reads frames. What throws, takes too long or makes memory grow is told with the seed
// and the frame, in hex, so that it can be given again.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Random } from '../../src/core/random.ts'
import { gatherCorpus } from './corpus.ts'
import { type Target, targetsOf } from './targets.ts'

/**
 * The longest that a frame may keep a hub busy, in CPU time: a pause of the machine is not the frame's fault. Each is given
 * once, as much of what it makes a hub do happens only the first time.
 */
const slowMs = 50
/** What may be kept in the end beyond what is kept after the first tenth. */
const growthBytes = 24 * 1024 * 1024
/** All seeds of frames come from one federation. */
const corpusSeed = 1

export interface Order {
  readonly seed: number
  readonly frames: number
  readonly progress?: (frames: number) => void
}

export interface Finding {
  readonly target: string
  /** Which frame of this seed it was. */
  readonly index: number
  readonly hex: string
  readonly what: string
}

export interface Findings {
  readonly counts: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
}

export async function fuzz({ seed, frames, progress }: Order): Promise<Findings> {
  const targets = await targetsOf(gatherCorpus(corpusSeed))
  const random = new Random(seed)
  const counts: Record<string, number> = {}
  const findings: Finding[] = []
  let before = Number.POSITIVE_INFINITY
  for (let index = 0; index < frames; index++) {
    const target = drawn(targets, random)
    const frame = target.make(random)
    const what = await given(target, frame)
    counts[target.name] = (counts[target.name] ?? 0) + 1
    const hex = Buffer.from(frame).toString('hex')
    // What was slow once may have met a collection of garbage: what a frame costs it costs a fresh victim, too.
    if (what !== undefined && (!isSlow(what) || (await replay(target.name, hex)) !== undefined))
      findings.push({ target: target.name, index, hex, what })
    if (index === Math.floor(frames / 10)) before = await heldBytes()
    if (index % 100_000 === 0) progress?.(index)
  }
  const grown = (await heldBytes()) - before
  if (grown > growthBytes) findings.push({ target: 'memory', index: frames, hex: '', what: `grew by ${grown} bytes` })
  return { counts, findings }
}

/** Gives one frame again. */
export async function replay(name: string, hex: string): Promise<string | undefined> {
  const targets = await targetsOf(gatherCorpus(corpusSeed))
  const target = targets.find((one) => one.name === name)
  if (target === undefined) return `there is no target ${name}: ${targets.map((one) => one.name).join(', ')}`
  return given(target, Uint8Array.from(Buffer.from(hex, 'hex')))
}

/** What is wrong with how the target takes the frame; undefined when nothing is. */
export async function given(target: Pick<Target, 'take'>, frame: Uint8Array): Promise<string | undefined> {
  const before = process.threadCpuUsage()
  try {
    const taken = target.take(frame)
    if (taken instanceof Promise) await taken
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const { user, system } = process.threadCpuUsage(before)
  const ms = (user + system) / 1_000
  return ms > slowMs ? `${slow} ${Math.round(ms)} ms of CPU` : undefined
}

const slow = 'takes'

function isSlow(what: string): boolean {
  return what.startsWith(slow)
}

/** Each as often as its weight says. */
function drawn(targets: readonly Target[], random: Random): Target {
  let at = random.below(targets.reduce((sum, { weight }) => sum + weight, 0))
  const target = targets.find(({ weight }) => {
    at -= weight
    return at < 0
  })
  if (target === undefined) throw new Error('nobody takes this frame')
  return target
}

/** After everything that nobody needs is gone. */
async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('there is no way to collect garbage')
  collect()
  // What holds memory outside of the heap gives it back after it was collected.
  await new Promise((done) => setImmediate(done))
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

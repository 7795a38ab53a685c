// Where the time of a run goes: the engine's own sampling profiler, started and stopped from within the run. A sample
// counts for the codec or the schema check when one of their functions is on its stack.

import { type Profiler, Session } from 'node:inspector'

/** Of the time between start and stop, 0 to 1. */
export interface Shares {
  /** Values to bytes and back. */
  readonly codec: number
  /** Telling a value that is a message from one that is none. */
  readonly schema: number
}

type Part = 'codec' | 'schema' | 'rest'

const samplingMicros = 500

export function profiled(run: (start: () => void, stop: () => void) => void): Shares {
  const session = new Session()
  session.connect()
  let profile: Profiler.Profile | undefined
  session.post('Profiler.enable')
  session.post('Profiler.setSamplingInterval', { interval: samplingMicros })
  run(
    () => session.post('Profiler.start'),
    () => session.post('Profiler.stop', (_, stopped) => (profile = stopped.profile)),
  )
  session.disconnect()
  if (profile === undefined) throw new Error('the run ended before it was measured')
  return sharesOf(profile)
}

function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Shares {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parts = new Map<number, Part>()
  const [root] = nodes
  const mark = (node: Profiler.ProfileNode, above: Part): void => {
    const part = above === 'rest' ? partOf(node.callFrame) : above
    parts.set(node.id, part)
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child !== undefined) mark(child, part)
    }
  }
  if (root !== undefined) mark(root, 'rest')
  const spent: Record<Part, number> = { codec: 0, schema: 0, rest: 0 }
  samples.forEach((id, index) => {
    spent[parts.get(id) ?? 'rest'] += timeDeltas[index] ?? 0
  })
  const all = spent.codec + spent.schema + spent.rest
  return { codec: spent.codec / all, schema: spent.schema / all }
}

function partOf({ url, functionName }: Profiler.ProfileNode['callFrame']): Part {
  if (url.endsWith('/src/adapters/codec.ts') || url.includes('/cbor-x/')) return 'codec'
  return url.endsWith('/src/core/wire.ts') && functionName === 'parse' ? 'schema' : 'rest'
}

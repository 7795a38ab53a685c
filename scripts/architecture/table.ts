// Who may import whom, as a table. Imports point one way: features never see each other and meet in the hub; adapters
// never see each other and meet in main.

/** A part of the tree, by the beginning of its paths. The first that fits counts. */
export interface Part {
  readonly name: string
  readonly paths: RegExp
  /** Paths it may import, besides files of its own part. */
  readonly sees: readonly RegExp[]
  /** Paths it may import types from. */
  readonly seesTypes: readonly RegExp[]
  /** npm packages and `node:` modules. */
  readonly packages: RegExp
  /** No clock, no chance, no waiting, no world: see `impure`. */
  readonly isPure: boolean
}

const shared = /^src\/core\/[^/]+\.ts$/
const core = /^src\/core\//
const hub = /^src\/hub\//
const speech = /^src\/hub\/(ports|calls|shapes|heartbeats|landscape|events|settings)\.ts$/
const codec = /^src\/adapters\/codec\.ts$/
const pure = /^(typebox|pure-rand|@noble\/hashes)(\/|$)/
const typebox = /^typebox(\/|$)/
const any = /./
const none = /^$/

export const parts: readonly Part[] = [
  { name: 'core', paths: shared, sees: [], seesTypes: [], packages: pure, isPure: true },
  { name: 'core/*', paths: /^src\/core\/[^/]+\//, sees: [shared], seesTypes: [], packages: pure, isPure: true },
  { name: 'hub', paths: hub, sees: [core], seesTypes: [], packages: typebox, isPure: true },
  {
    name: 'adapters/*',
    paths: /^src\/adapters\/[^/]+(\/|\.ts$)/,
    sees: [shared, speech],
    seesTypes: [core, hub],
    packages: any,
    isPure: false,
  },
  { name: 'config', paths: /^src\/config\//, sees: [shared, speech], seesTypes: [], packages: any, isPure: false },
  {
    name: 'client',
    paths: /^src\/client(\/|\.ts$)/,
    sees: [],
    seesTypes: [speech],
    packages: /^(eventsource-parser|node:timers\/promises)$/,
    isPure: false,
  },
  { name: 'main', paths: /^(src|bin)\//, sees: [/^src\//], seesTypes: [], packages: any, isPure: false },
  {
    name: 'simulations/engine',
    paths: /^simulations\/engine\//,
    sees: [core, hub],
    seesTypes: [],
    packages: none,
    isPure: true,
  },
  {
    name: 'simulations',
    paths: /^simulations\//,
    sees: [core, hub, codec, /^src\/config\//, /^simulations\//],
    seesTypes: [],
    packages: /^node:/,
    isPure: false,
  },
  { name: 'tools', paths: /^(test|bench|scripts)\//, sees: [any], seesTypes: [], packages: any, isPure: false },
]

/** What a pure part may not name, and what it does instead. */
export const impure: ReadonlyMap<string, string> = new Map([
  ...['Date', 'performance'].map((name) => [name, 'time is an argument (Now)'] as const),
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map(
    (name) => [name, 'return a deadline'] as const,
  ),
  ...['Promise', 'AbortSignal', 'AbortController'].map((name) => [name, 'return an effect'] as const),
  ...['process', 'fetch', 'crypto', 'console', 'globalThis', 'Buffer', 'require'].map(
    (name) => [name, 'the world belongs to the adapters'] as const,
  ),
])

/** The text a part's name stands for in this file: `core/*` is one part for each folder. */
export function unitOf(path: string): { readonly part: Part; readonly unit: string } | undefined {
  const part = parts.find((candidate) => candidate.paths.test(path))
  if (part === undefined) return undefined
  return { part, unit: part.name.endsWith('/*') ? (part.paths.exec(path)?.[0] ?? part.name) : part.name }
}

// The design's rules hold, and each rule is proved by breaking it: the same checker is fed a tree that offends.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkArchitecture } from '../scripts/architecture/check.ts'

const root = join(import.meta.dirname, '..')

function wholeTree(): Map<string, string> {
  const tree = new Map<string, string>()
  for (const folder of ['src', 'bin', 'simulations', 'test', 'bench', 'scripts']) {
    for (const path of filesIn(folder))
      if (/\.(ts|mjs)$/.test(path)) tree.set(path, readFileSync(join(root, path), 'utf8'))
  }
  return tree
}

function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  } catch {
    return []
  }
}

/** A small tree that keeps all rules. */
const sound: Record<string, string> = {
  'src/main.ts': `// Starts.\nimport './hub/hub.ts'\nimport './adapters/clock.ts'\nimport './adapters/http/app.ts'\n`,
  'src/core/ids.ts': '// Names.\nexport type Id = string\n',
  'src/core/time.ts': '// Time.\nexport const second = 1_000\n',
  'src/core/swim/swim.ts': `// Swim.\nimport { second } from '../time.ts'\nexport const interval = second\n`,
  'src/core/sync/sync.ts': '// Sync.\nexport const rounds = 3\n',
  'src/hub/hub.ts': `// Hub.\nimport '../core/swim/swim.ts'\nimport '../core/sync/sync.ts'\nimport './ports.ts'\nimport '../core/ids.ts'\n`,
  'src/hub/ports.ts': '// Ports.\nexport interface Clock { now(): number }\n',
  'src/adapters/clock.ts': `// Clock.\nimport type { Clock } from '../hub/ports.ts'\nexport const clock: Clock = { now: () => Date.now() }\n`,
  'src/adapters/http/app.ts': `// App.\nimport 'fastify'\nimport './routes.ts'\n`,
  'src/adapters/http/routes.ts': '// Routes.\nexport const routes = []\n',
  'simulations/run.ts': `// Runs.\nimport './engine/world.ts'\nimport 'node:fs'\n`,
  'simulations/engine/world.ts': `// World.\nimport '../../src/hub/hub.ts'\nexport const world = { process: 1 }\n`,
  'test/all.test.ts': `// All.\nimport '../src/main.ts'\n`,
}

/** What the checker says when this text is added to (or replaces) that file. */
function complaints(path: string, text: string): string[] {
  const before = sound[path] ?? '// New.\n'
  return checkArchitecture(new Map(Object.entries({ ...sound, [path]: before + text })))
}

const swim = 'src/core/swim/swim.ts'
const forbidden: readonly (readonly [rule: string, path: string, text: string, complaint: RegExp])[] = [
  ['a feature imports another', swim, `import '../sync/sync.ts'`, /swim\/ may not import src\/core\/sync/],
  [
    'a feature imports a type of another',
    swim,
    `import type { X } from '../sync/sync.ts'`,
    /may not import src\/core\/sync/,
  ],
  ['a feature names a type of another', swim, `let x: import('../sync/sync.ts').X`, /may not import src\/core\/sync/],
  ['core imports the hub', swim, `import type { Clock } from '../../hub/ports.ts'`, /may not import src\/hub/],
  [
    'shared core imports a feature',
    'src/core/time.ts',
    `import './sync/sync.ts'`,
    /core may not import src\/core\/sync/,
  ],
  ['core imports IO', swim, `import { readFile } from 'node:fs'`, /may not import node:fs/],
  ['core imports a package', swim, `import Fastify from 'fastify'`, /may not import fastify/],
  ['the hub imports an adapter', 'src/hub/hub.ts', `import '../adapters/clock.ts'`, /hub may not import src\/adapters/],
  [
    'an adapter imports another',
    'src/adapters/clock.ts',
    `import './http/app.ts'`,
    /may not import src\/adapters\/http/,
  ],
  ['an adapter runs the hub', 'src/adapters/clock.ts', `import '../hub/hub.ts'`, /may not import src\/hub\/hub.ts/],
  ['the engine imports IO', 'simulations/engine/world.ts', `import 'node:fs'`, /engine may not import node:fs/],
  ['the simulator imports libp2p', 'simulations/run.ts', `import 'libp2p'`, /may not import libp2p/],
  ['a file imports what is not there', swim, `import '../gone.ts'`, /does not exist/],
  ['a file has 301 lines', swim, '\n'.repeat(301 - 3), /301 lines/],
  ['a function has 61 lines', swim, `function f() {${'\n'.repeat(60)}}`, /61 lines/],
  ['a method has 61 lines', swim, `class A { f() {${'\n'.repeat(60)}} }`, /61 lines/],
  ['a function takes four parameters', swim, 'const f = (a, b, c, d) => a', /4 parameters/],
  ['a constructor takes four parameters', swim, 'class A { constructor(a, b, c, d) {} }', /4 parameters/],
  ['nothing uses a file', 'src/hub/spare.ts', '', /spare.ts:1 is used by nothing/],
  ['a default export', swim, 'export default 1', /default exports/],
  ['a barrel', swim, `export * from '../time.ts'`, /re-exports/],
  ['a named re-export', swim, `export { second } from '../time.ts'`, /re-exports/],
  ['an enum', swim, 'enum A { B }', /enums/],
  ['a namespace', swim, 'namespace A {}', /namespaces/],
  ['a decorator', swim, 'class A { @sealed f() {} }', /decorators/],
  ['inheritance', swim, 'class A extends B {}', /inheritance/],
  ['a laundered type', swim, 'const a = b as unknown as C', /as unknown as/],
  ['a silenced compiler', swim, ['//', '@ts-ignore'].join(' '), /@ts-ignore/],
  ['Math.random in core', swim, 'const x = Math.random()', /Math.random/],
  ['Date in core', swim, 'const x = Date.now()', /Date is banned/],
  ['async in core', swim, 'const f = async () => {}', /async is banned/],
  ['an async method in core', swim, 'class A { async f() {} }', /async is banned/],
  ['Promise as a type in core', swim, 'let x: Promise<void>', /Promise is banned/],
  ['a timer in the hub', 'src/hub/hub.ts', 'setTimeout(() => {}, 1)', /setTimeout is banned/],
  ['an interval in the engine', 'simulations/engine/world.ts', 'setInterval(() => {}, 1)', /setInterval is banned/],
  ['a dynamic import in core', swim, `const x = import('../time.ts')`, /dynamic imports/],
  ...['setImmediate', 'process', 'performance', 'fetch', 'crypto', 'console'].map(
    (name) => [`${name} in core`, swim, `const x = ${name}.y`, new RegExp(`${name} is banned`)] as const,
  ),
]

describe('the architecture', () => {
  it('of this repository keeps every rule', () => {
    expect(checkArchitecture(wholeTree())).toEqual([])
  })

  it('has a checker that finds nothing wrong with a sound tree', () => {
    expect(checkArchitecture(new Map(Object.entries(sound)))).toEqual([])
  })

  it.each(forbidden.map(([rule, ...rest]) => ({ rule, rest })))('does not allow: $rule', ({ rest }) => {
    const [path, text, complaint] = rest
    expect(complaints(path, text)).toContainEqual(expect.stringMatching(complaint))
  })

  it('does not allow: an import cycle, even of types', () => {
    const ring = {
      ...sound,
      'src/core/ids.ts': `// Names.
import type { T } from './time.ts'
`,
      'src/core/time.ts': `${sound['src/core/time.ts']}import type { Id } from './ids.ts'
`,
    }
    expect(checkArchitecture(new Map(Object.entries(ring)))).toContain(
      'import cycle: src/core/ids.ts → src/core/time.ts → src/core/ids.ts',
    )
  })

  it('does not allow: a file without a word on what it is', () => {
    expect(checkArchitecture(new Map([['src/main.ts', 'export const a = 1\n']]))).toEqual([
      'src/main.ts:1 the file does not open with a comment that says what it is',
    ])
  })

  it('does not allow: product code that only tests use', () => {
    const tree = {
      ...sound,
      'src/hub/spare.ts': '// Spare.\n',
      'test/spare.test.ts': `// T.\nimport '../src/hub/spare.ts'\n`,
    }
    expect(checkArchitecture(new Map(Object.entries(tree)))).toEqual(['src/hub/spare.ts:1 is used by tests alone'])
  })

  it('allows errors to inherit, labels to be called like globals, and long chapters of tests', () => {
    expect(complaints(swim, 'class A extends Error {}\nconst x = { process: y.process }\n')).toEqual([])
    expect(complaints('test/all.test.ts', `describe('x', () => { it('y')${'\n'.repeat(100)}})`)).toEqual([])
  })
})

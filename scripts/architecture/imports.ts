// What files import, and what follows: forbidden directions, cycles, files that nothing reaches.

import { posix } from 'node:path'
import { child, lineCounter, type Node, walk, word } from '../syntax.ts'
import { unitOf } from './table.ts'

export type Tree = ReadonlyMap<string, string>

export interface Import {
  readonly line: number
  readonly specifier: string
  readonly isTypeOnly: boolean
  /** The imported file; undefined for a package. */
  readonly path: string | undefined
}

/** Every import and re-export of a file, also dynamic ones, also of types (`import('./x.ts').X`). */
export function importsOf(path: string, text: string, program: Node): Import[] {
  const lineOf = lineCounter(text)
  const found: Import[] = []
  for (const { node } of walk(program)) {
    const specifier = word(child(node, 'source'), 'value')
    if (specifier === undefined || !/^(Import|Export|TSImport)/.test(node.type)) continue
    const isTypeOnly = node.type === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type'
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
    found.push({ line: lineOf(node.start), specifier, isTypeOnly, path: target })
  }
  return found
}

/** Complaints about one file's imports by the table. */
export function checkDirections(path: string, imports: readonly Import[], tree: Tree): string[] {
  const own = unitOf(path)
  if (own === undefined) return [`${path}:1 belongs to no part of the import table`]
  const { part } = own
  return imports.flatMap((one): string[] => {
    const target = one.path
    if (target === undefined) {
      return part.packages.test(one.specifier)
        ? []
        : [`${path}:${one.line} ${own.unit} may not import ${one.specifier}`]
    }
    if (!tree.has(target)) return [`${path}:${one.line} imports ${target}, which does not exist`]
    const allowed = one.isTypeOnly ? [...part.sees, ...part.seesTypes] : part.sees
    if (unitOf(target)?.unit === own.unit || allowed.some((pattern) => pattern.test(target))) return []
    return [`${path}:${one.line} ${own.unit} may not import ${target}`]
  })
}

/** One complaint for each cycle that a search in depth closes; imports of types count. */
export function checkCycles(graph: ReadonlyMap<string, readonly Import[]>): string[] {
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const complaints: string[] = []
  const visit = (path: string): void => {
    state.set(path, 'open')
    trail.push(path)
    for (const { path: next } of graph.get(path) ?? []) {
      if (next === undefined || !graph.has(next)) continue
      if (state.get(next) === 'open') complaints.push(cycleText(trail.slice(trail.indexOf(next))))
      else if (!state.has(next)) visit(next)
    }
    trail.pop()
    state.set(path, 'done')
  }
  for (const path of graph.keys()) if (!state.has(path)) visit(path)
  return complaints
}

/** Told from its lowest path, so that it reads the same wherever the search came in. */
function cycleText(ring: readonly string[]): string {
  const first = ring.indexOf([...ring].sort()[0] ?? '')
  const turned = [...ring.slice(first), ...ring.slice(0, first)]
  return `import cycle: ${[...turned, turned[0]].join(' → ')}`
}

/** What runs by itself. Everything else must be reached from here, and code of the product not from tests alone. */
const products = [/^bin\//, /^src\/main\.ts$/, /^simulations\/run\.ts$/, /^scripts\/[^/]+\.(ts|mjs)$/, /^bench\//]
const tests = [/\.test\.ts$/]

/** Complaints about files that nothing uses. */
export function checkOrphans(graph: ReadonlyMap<string, readonly Import[]>): string[] {
  const product = reach(graph, products)
  const tested = reach(graph, [...products, ...tests])
  return [...graph.keys()].flatMap((path): string[] => {
    if (!tested.has(path)) return [`${path}:1 is used by nothing`]
    return path.startsWith('src/') && !product.has(path) ? [`${path}:1 is used by tests alone`] : []
  })
}

function reach(graph: ReadonlyMap<string, readonly Import[]>, roots: readonly RegExp[]): Set<string> {
  const reached = new Set([...graph.keys()].filter((path) => roots.some((root) => root.test(path))))
  for (const path of reached) {
    for (const { path: next } of graph.get(path) ?? []) if (next !== undefined) reached.add(next)
  }
  return reached
}

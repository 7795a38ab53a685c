// Which tests can notice a change of a file: those that import it, directly or through others, the nearest first. Tests
// that need the real world (processes, sockets, disks) are left out: they are slow, and they test other code.

import { importsOf } from '../architecture/imports.ts'
import { parse } from '../syntax.ts'

const realWorld = /^src\/(adapters\/(libp2p|http|store|metrics|log)|main|cli)|^node:child_process$/

export type Imports = ReadonlyMap<string, readonly string[]>

/** path → files and packages it imports. */
export function importGraph(tree: ReadonlyMap<string, string>): Imports {
  const targets = ([path, text]: [string, string]) =>
    importsOf(path, text, parse(text)).map((one) => one.path ?? one.specifier)
  return new Map([...tree].map((entry) => [entry[0], targets(entry)]))
}

/** Paths of the tests that reach the file, by the length of the way. */
export function testsOf(path: string, imports: Imports): string[] {
  const ways = [...imports.keys()]
    .filter((candidate) => candidate.endsWith('.test.ts'))
    .map((test) => ({ test, way: distances(test, imports) }))
    .filter(({ way }) => way.has(path) && ![...way.keys()].some((reached) => realWorld.test(reached)))
  return ways.sort((a, b) => (a.way.get(path) ?? 0) - (b.way.get(path) ?? 0)).map(({ test }) => test)
}

function distances(from: string, imports: Imports): Map<string, number> {
  const found = new Map([[from, 0]])
  for (const [path, distance] of found) {
    for (const next of imports.get(path) ?? []) if (!found.has(next)) found.set(next, distance + 1)
  }
  return found
}

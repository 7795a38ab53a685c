// All rules over a whole tree. The tree is a map from path to text, so that a test can offend on purpose.

import { parse } from '../syntax.ts'
import { checkCycles, checkDirections, checkOrphans, type Import, importsOf, type Tree } from './imports.ts'
import { checkSource } from './source.ts'

/** Complaints, `path:line what`, sorted; none for a tree that keeps the rules. */
export function checkArchitecture(tree: Tree): string[] {
  const graph = new Map<string, Import[]>()
  const complaints: string[] = []
  for (const [path, text] of tree) {
    const program = parse(text)
    const imports = importsOf(path, text, program)
    graph.set(path, imports)
    complaints.push(...checkDirections(path, imports, tree), ...checkSource(path, text, program))
  }
  return [...complaints, ...checkCycles(graph), ...checkOrphans(graph)].sort()
}

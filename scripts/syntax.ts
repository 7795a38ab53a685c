// TypeScript as a tree, for those who check or change the code itself. The parser is the one that vitest brings (oxc, by
// way of vite): TypeScript 7 has no stable programming interface, and one parser in node_modules is enough.

import { parseAst } from 'vitest/node'

/** A node of the ESTree, of which only kind and place are known here. */
export interface Node {
  readonly type: string
  /** Offsets in the text, in UTF-16 units. */
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export interface Visit {
  readonly node: Node
  /** The nodes around it, nearest first. */
  readonly around: readonly Node[]
  /** The field of the parent that holds it. */
  readonly field: string
}

/** Throws a SyntaxError on text that is no TypeScript module. */
export function parse(text: string): Node {
  const program: unknown = parseAst(text, { lang: 'ts' })
  if (!isNode(program)) throw new SyntaxError('the parser returned no tree')
  return program
}

/** Every node, parents before their children. */
export function* walk(root: Node): Generator<Visit> {
  yield* descend({ node: root, around: [], field: '' })
}

function* descend(visit: Visit): Generator<Visit> {
  yield visit
  const around = [visit.node, ...visit.around]
  for (const [field, value] of Object.entries(visit.node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) yield* descend({ node: child, around, field })
    }
  }
}

export function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value
  )
}

/** The child of that name, when it is a node. */
export function child(node: Node, field: string): Node | undefined {
  const value = node[field]
  return isNode(value) ? value : undefined
}

export function children(node: Node, field: string): Node[] {
  const value = node[field]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** The text in a field, such as a name or an operator. */
export function word(node: Node | undefined, field: string): string | undefined {
  const value = node?.[field]
  return typeof value === 'string' ? value : undefined
}

/** Offset → line, counted from 1. */
export function lineCounter(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] as number) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}

// Small mistakes that a person could have made: a comparison off by one, a sign, a negation, a constant, a statement that
// is missing. After DeMillo, Lipton and Sayward 1978. Types, schemas and imports are left alone: the compiler reads those.

import { child, children, lineCounter, type Node, parse, type Visit, walk, word } from '../syntax.ts'

/** Replaces the text from `start` to `end`. */
export interface Mutation {
  readonly path: string
  readonly line: number
  readonly start: number
  readonly end: number
  readonly replacement: string
  /** What it does, for people: `< becomes <=`. */
  readonly what: string
}

type Change = Pick<Mutation, 'start' | 'end' | 'replacement'>

const operators: ReadonlyMap<string, string> = new Map([
  ['<', '<='],
  ['<=', '<'],
  ['>', '>='],
  ['>=', '>'],
  ['===', '!=='],
  ['!==', '==='],
  ['+', '-'],
  ['-', '+'],
  ['*', '/'],
  ['/', '*'],
  ['%', '*'],
  ['&&', '||'],
  ['||', '&&'],
  ['??', '&&'],
  ['+=', '-='],
  ['-=', '+='],
])

/** Every mutation of a file, in the order of the text. */
export function mutationsOf(path: string, text: string): Mutation[] {
  const lineOf = lineCounter(text)
  const found: Mutation[] = []
  for (const visit of walk(parse(text))) {
    if (isForTheCompiler(visit) || isLastBreak(visit)) continue
    const change = changeOf(visit.node, text)
    if (change === undefined) continue
    const before = summary(text.slice(change.start, change.end))
    const what = change.replacement === ';' ? `without ${before}` : `${before} becomes ${summary(change.replacement)}`
    found.push({ path, line: lineOf(change.start), ...change, what })
  }
  return found
}

export function apply(text: string, mutation: Mutation): string {
  return text.slice(0, mutation.start) + mutation.replacement + text.slice(mutation.end)
}

function changeOf(node: Node, text: string): Change | undefined {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression':
      return operatorChange(node, text)
    case 'UnaryExpression':
      return word(node, 'operator') === '!' ? { start: node.start, end: node.start + 1, replacement: '' } : undefined
    case 'Literal':
      return literalChange(node)
    case 'ExpressionStatement':
    case 'ContinueStatement':
    case 'BreakStatement':
      return { start: node.start, end: node.end, replacement: ';' }
    case 'ReturnStatement':
      return child(node, 'argument') === undefined ? { start: node.start, end: node.end, replacement: ';' } : undefined
    default:
      return undefined
  }
}

function operatorChange(node: Node, text: string): Change | undefined {
  const operator = word(node, 'operator') ?? ''
  const replacement = operators.get(operator)
  const left = child(node, 'left')
  if (replacement === undefined || left === undefined) return undefined
  const start = text.indexOf(operator, left.end)
  return { start, end: start + operator.length, replacement }
}

function literalChange(node: Node): Change | undefined {
  const { value, start, end } = node
  if (typeof value === 'boolean') return { start, end, replacement: String(!value) }
  if (typeof value === 'number') return { start, end, replacement: value === 0 ? '1' : '0' }
  return undefined
}

/** Inside a type, a schema or an import. */
function isForTheCompiler({ node, around }: Visit): boolean {
  return [node, ...around].some((outer) => {
    if (/^(Import|Export(All|Named).*Specifier)/.test(outer.type)) return true
    if (outer.type === 'CallExpression')
      return word(child(child(outer, 'callee') ?? outer, 'object'), 'name') === 'Type'
    return outer.type.startsWith('TS') && !/^TS(As|Satisfies|NonNull)/.test(outer.type)
  })
}

/** The break at the end of a switch changes nothing. */
function isLastBreak({ node, around: [branch, choice] }: Visit): boolean {
  if (node.type !== 'BreakStatement' || branch === undefined || choice?.type !== 'SwitchStatement') return false
  return children(branch, 'consequent').at(-1) === node && children(choice, 'cases').at(-1) === branch
}

function summary(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const short = line.length > 60 ? `${line.slice(0, 57)}...` : line
  return short === '' ? 'nothing' : short
}

// What one file may contain: sizes, purity, and the constructs that this house does without.

import { child, children, lineCounter, type Node, type Visit, walk, word } from '../syntax.ts'
import { impure, unitOf } from './table.ts'

const maxFileLines = 300
const maxFunctionLines = 60
const maxParameters = 3

const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/** Complaints about one file, each with its line. */
export function checkSource(path: string, text: string, program: Node): string[] {
  const lineOf = lineCounter(text)
  const isPure = unitOf(path)?.part.isPure === true
  const complaints: string[] = []
  const complain = (at: number, what: string) => complaints.push(`${path}:${lineOf(at)} ${what}`)
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  if (lines > maxFileLines) complain(text.length, `the file has ${lines} lines, more than ${maxFileLines}`)
  if (!/^(#!.*\n)?\/\/ ?\S/.test(text)) complain(0, 'the file does not open with a comment that says what it is')
  const ignored = /\/[/*]\s*@ts-(?:ignore|nocheck|expect-error)/.exec(text)
  if (ignored !== null) complain(ignored.index, `${ignored[0]} is banned: make the types right`)
  for (const visit of walk(program)) {
    for (const what of constructs(visit.node)) complain(visit.node.start, what)
    if (functions.has(visit.node.type)) for (const what of sizes(visit.node, lineOf)) complain(visit.node.start, what)
    if (isPure) for (const what of impurities(visit)) complain(visit.node.start, what)
  }
  return complaints
}

/** What nobody writes anywhere. */
function constructs(node: Node): string[] {
  switch (node.type) {
    case 'ExportDefaultDeclaration':
      return ['default exports are banned: a thing has one name']
    case 'ExportAllDeclaration':
      return ['re-exports are banned: import from where it is']
    case 'ExportNamedDeclaration':
      return child(node, 'source') === undefined ? [] : ['re-exports are banned: import from where it is']
    case 'TSEnumDeclaration':
      return ['enums are banned: use a union']
    case 'TSModuleDeclaration':
      return ['namespaces are banned: a file is one']
    case 'Decorator':
      return ['decorators are banned']
    case 'ClassDeclaration':
    case 'ClassExpression':
      return inherits(node) ? ['inheritance is banned, errors excepted'] : []
    case 'TSAsExpression':
      return isLaundered(node) ? ['`as unknown as` is banned: parse the value'] : []
    default:
      return []
  }
}

function inherits(node: Node): boolean {
  const parent = child(node, 'superClass')
  return parent !== undefined && !/Error$/.test(word(parent, 'name') ?? '')
}

function isLaundered(node: Node): boolean {
  return word(child(child(node, 'expression') ?? node, 'typeAnnotation'), 'type') === 'TSUnknownKeyword'
}

function sizes(node: Node, lineOf: (offset: number) => number): string[] {
  const complaints: string[] = []
  const lines = lineOf(node.end) - lineOf(node.start) + 1
  if (lines > maxFunctionLines && !isChapter(node)) {
    complaints.push(`the function has ${lines} lines, more than ${maxFunctionLines}`)
  }
  const parameters = children(node, 'params').length
  if (parameters > maxParameters)
    complaints.push(`the function takes ${parameters} parameters, more than ${maxParameters}`)
  return complaints
}

/** A function that only lists tests is a chapter: its tests are the functions. */
function isChapter(node: Node): boolean {
  return children(child(node, 'body') ?? node, 'body').some((statement) => {
    let called = child(statement, 'expression')
    while (called?.type === 'CallExpression') called = child(called, 'callee')
    const root = called?.type === 'MemberExpression' ? child(called, 'object') : called
    return ['it', 'describe'].includes(word(root, 'name') ?? '')
  })
}

/** What the pure parts do without. */
function impurities(visit: Visit): string[] {
  const { node } = visit
  if (functions.has(node.type) && node['async'] === true) return ['async is banned here: return an effect']
  if (node.type === 'AwaitExpression') return ['await is banned here: return an effect']
  if (node.type === 'ImportExpression') return ['dynamic imports are banned here']
  if (node.type === 'MemberExpression' && isRandom(node)) return ['Math.random is banned here: take a Random']
  if (node.type !== 'Identifier' || isName(visit)) return []
  const name = word(node, 'name') ?? ''
  const instead = impure.get(name)
  return instead === undefined ? [] : [`${name} is banned here: ${instead}`]
}

function isRandom(node: Node): boolean {
  return word(child(node, 'object'), 'name') === 'Math' && word(child(node, 'property'), 'name') === 'random'
}

/** Whether the identifier only labels something: `x.process`, `{ process: 1 }`, `process(): void` in an interface. */
function isName({ field, around }: Visit): boolean {
  const parent = around[0]
  if (parent === undefined || parent['computed'] === true) return false
  return field === 'key' || (field === 'property' && parent.type === 'MemberExpression')
}

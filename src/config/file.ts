// A YAML file as plain values: bounded, with `${VARIABLE}` filled in after parsing, so that a variable's content is never
// read as YAML.

import { readFileSync, statSync } from 'node:fs'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import type { Mistake } from './mistake.ts'

/** No configuration or projects file is larger. */
const maxFileBytes = 4 * 1024 * 1024
/** No setting lies this deep; an anchor that contains itself would have no end. */
const maxDepth = 32

export type Environment = Readonly<Record<string, string | undefined>>

export interface YamlFile {
  /** Undefined when the file could not be read or is empty. */
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
  /** The file, and the line of it where that value stands: `projects.yaml:7`. */
  placeOf(path: readonly (string | number)[]): string
}

/** Never throws: what is wrong with the file is in `mistakes`. */
export function readYaml(file: string, env: Environment): YamlFile {
  let text: string
  try {
    if (statSync(file).size > maxFileBytes) return failed(file, `is larger than ${maxFileBytes} bytes`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return failed(file, `cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const placeOf = placesIn(file, document, lines)
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((error) => ({
      path: `${file}:${error.linePos?.[0].line ?? 1}`,
      message: `is no YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`,
    }))
    return { value: undefined, mistakes, placeOf }
  }
  const mistakes: Mistake[] = []
  const missing = (name: string) =>
    mistakes.push({ path: file, message: `names \${${name}}, which is not set`, hint: `set the variable ${name}` })
  try {
    // Anchors are followed here: one that is unknown, or that unfolds to too much, throws.
    return { value: fill(document.toJS() ?? undefined, { env, missing }), mistakes, placeOf }
  } catch (error) {
    return failed(file, `is no plain YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function failed(file: string, message: string): YamlFile {
  return { value: undefined, mistakes: [{ path: file, message }], placeOf: () => file }
}

/** Where in the file a value stands; of one that is not there, where what it would be in does. */
function placesIn(file: string, document: Document, lines: LineCounter): YamlFile['placeOf'] {
  return (path) => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true)
      const start = isNode(node) ? node.range?.[0] : undefined
      if (start !== undefined) return `${file}:${lines.linePos(start).line}`
    }
    return file
  }
}

interface Filling {
  readonly env: Environment
  readonly missing: (name: string) => void
}

/** Throws when it is nested too deeply. */
function fill(value: unknown, filling: Filling, depth = 0): unknown {
  if (depth > maxDepth) throw new Error(`it is nested more than ${maxDepth} levels deep`)
  if (Array.isArray(value)) return value.map((item) => fill(item, filling, depth + 1))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, fill(held, filling, depth + 1)]))
  }
  if (typeof value !== 'string') return value
  return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
    const content = filling.env[name]
    if (content === undefined) filling.missing(name)
    return content ?? whole
  })
}

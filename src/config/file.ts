// A YAML file as plain values: bounded, with `${VARIABLE}` filled in after parsing, so that a variable's content is never
// read as YAML.

import { readFileSync, statSync } from 'node:fs'
import { parseDocument } from 'yaml'
import type { Mistake } from './mistake.ts'

/** No configuration or projects file is larger. */
const maxFileBytes = 4 * 1024 * 1024

export type Environment = Readonly<Record<string, string | undefined>>

export interface YamlFile {
  /** Undefined when the file could not be read or is empty. */
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
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
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((error) => ({
      path: `${file}:${error.linePos?.[0].line ?? 1}`,
      message: `is no YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`,
    }))
    return { value: undefined, mistakes }
  }
  const mistakes: Mistake[] = []
  const value = fill(document.toJS() ?? undefined, env, (name) =>
    mistakes.push({ path: file, message: `names \${${name}}, which is not set`, hint: `set the variable ${name}` }),
  )
  return { value, mistakes }
}

function failed(file: string, message: string): YamlFile {
  return { value: undefined, mistakes: [{ path: file, message }] }
}

function fill(value: unknown, env: Environment, missing: (name: string) => void): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, env, missing))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, fill(held, env, missing)]))
  }
  if (typeof value !== 'string') return value
  return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
    const content = env[name]
    if (content === undefined) missing(name)
    return content ?? whole
  })
}

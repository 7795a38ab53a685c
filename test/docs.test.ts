// The pages say what the code does: cited rules exist, and paths that a page names are there.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const pages = [
  'README.md',
  'docs/ARCHITECTURE.md',
  'docs/ALGORITHMS.md',
  'docs/STYLE.md',
  'docs/errors.md',
  'docs/STORE.md',
  'docs/ACCESS.md',
]

function sources(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.name.endsWith('.ts')).map((entry) => join(entry.parentPath, entry.name))
}

describe('the pages', () => {
  it('define every rule that code cites', () => {
    const algorithms = readFileSync(join(root, 'docs/ALGORITHMS.md'), 'utf8')
    const defined = new Set([...algorithms.matchAll(/^- \*\*([MHPC]\d+)\*\*/gm)].map((match) => match[1]))
    const cited = new Set<string>()
    for (const path of [...sources('src/core'), ...sources('src/hub'), ...sources('simulations')]) {
      for (const match of readFileSync(path, 'utf8').matchAll(/(?<![\w-])([MHPC]\d{1,2})(?=[\s:,.)'’])/g))
        cited.add(match[1] ?? '')
    }
    expect(cited.size).toBeGreaterThan(15)
    expect([...cited].filter((rule) => !defined.has(rule))).toEqual([])
  })

  it.each(pages)('%s names only files that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8')
    const named = [...text.matchAll(/(?:\]\(|`)((?:src|docs|scripts|test|simulations|config|bin)\/[\w./-]*\w)/g)]
    const missing = named.map((match) => match[1] ?? '').filter((path) => !exists(path))
    expect(missing).toEqual([])
  })
})

/** A page may name a module without its ending. */
function exists(path: string): boolean {
  return ['', '.ts', '.mjs'].some((ending) => existsSync(join(root, path + ending)))
}

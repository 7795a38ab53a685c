// The pages say what the code does: cited rules exist, and paths that a page names are there.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { program } from '../src/cli/program.ts'
import { fileVariables, meaningless, oldKeys, oldVariables, ownProject } from '../src/config/names.ts'

const root = join(import.meta.dirname, '..')
const pages = [
  'README.md',
  'docs/ARCHITECTURE.md',
  'docs/ALGORITHMS.md',
  'docs/STYLE.md',
  'docs/errors.md',
  'docs/STORE.md',
  'docs/MIGRATION.md',
  'docs/TROUBLESHOOTING.md',
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

  it('tell of every old name what it is now, and of no other', () => {
    const text = readFileSync(join(root, 'docs/MIGRATION.md'), 'utf8')
    const rows = [...text.matchAll(/^\| `([\w.]+)` \| (.+?) \|/gm)].map(([, old, now]) => [
      old,
      now?.replaceAll('`', ''),
    ])
    const [file, ...older] = fileVariables
    const known = [
      ...older.map((name) => [name, file]),
      ...oldVariables.flatMap(Object.entries),
      ...Object.entries(oldKeys).map(([name, { setting }]) => [name, setting]),
      ...Object.values(ownProject).map((name) => [name, 'the same']),
      ...Object.keys(meaningless).map((name) => [name, 'nothing']),
    ]
    // `pg_dump` is a command.
    expect(rows.filter(([name]) => name !== 'pg_dump').toSorted()).toEqual(known.toSorted())
  })

  it('quote what hubs and commands say', () => {
    const text = readFileSync(join(root, 'docs/TROUBLESHOOTING.md'), 'utf8')
    const source = sources('src')
      .map((path) => readFileSync(path, 'utf8'))
      .join()
    const quoted = [...text.matchAll(/^Says: (.+)$/gm)].flatMap(([, line]) => [...(line ?? '').matchAll(/`([^`]+)`/g)])
    expect(quoted.length).toBeGreaterThan(12)
    expect(quoted.map(([, words]) => words ?? '').filter((words) => !source.includes(words))).toEqual([])
  })

  it('name only commands that there are', () => {
    const all = new Set(
      program().commands.flatMap((one) => [
        one.name(),
        ...one.commands.map((inner) => `${one.name()} ${inner.name()}`),
      ]),
    )
    const text = pages.map((page) => readFileSync(join(root, page), 'utf8')).join('\n')
    const named = [
      ...text.matchAll(/(?:^|`)(?:npm run -s )?hubmesh (?:-- )?([a-z][a-z-]+)(?: ([a-z]+)\b(?![./:-]))?/gm),
    ]
    expect(named.length).toBeGreaterThan(20)
    const wrong = named.map(([, name = '', inner]) => (name === 'config' || name === 'key' ? `${name} ${inner}` : name))
    expect(wrong.filter((name) => !all.has(name))).toEqual([])
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

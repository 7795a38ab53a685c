// A damaged store is written anew. As the kernel sees it: all of the new store is on the disk before the old one goes, and all
// of what took its place before the new one goes. So whenever the power is cut, one of the two is whole.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killLeftovers, launch, mayLeaveOut } from './processes.ts'

const home = await mkdtemp(join(tmpdir(), 'hubmesh-rebuild-'))
const at = (name: string): string => join(home, name)
afterAll(async () => {
  killLeftovers()
  await rm(home, { recursive: true, force: true })
})

/** Fills a store and damages one value. Large enough that LevelDB begins several logs when it is written anew. */
const damaging = `
  import { Level } from 'level'
  import { openLevelStore } from ${JSON.stringify(new URL('../src/adapters/store/level.ts', import.meta.url).href)}
  const directory = process.argv.at(-1)
  const store = await openLevelStore(directory)
  for (let i = 0; i < 6; i++) {
    const batch = Array.from({ length: 500 }, (_, j) => ({ put: 'k' + (500 * i + j), value: new Uint8Array(4_000).fill(i + j) }))
    if (!(await new Promise((done) => store.persist(batch, true, done)))) throw new Error('not written')
  }
  await store.close()
  const db = new Level(directory, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await db.put('k7', new Uint8Array(100).fill(1))
  await db.close()
`
const opening = `
  import { openLevelStore } from ${JSON.stringify(new URL('../src/adapters/store/level.ts', import.meta.url).href)}
  const store = await openLevelStore(process.argv.at(-1))
  store.load(([...entries], isDamaged) => console.log(JSON.stringify({ kept: entries.length, isDamaged })), console.error)
  await store.close()
`

async function run(program: string, ...before: readonly string[]): Promise<string> {
  const [command = '', ...args] = [
    ...before,
    process.execPath,
    '--input-type=module',
    '-e',
    program,
    '--',
    at('catalog'),
  ]
  const { code, out, err } = await launch(command, args).ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}

interface Call {
  readonly name: string
  readonly paths: readonly string[]
  readonly isWriting: boolean
}

/** What was called, in the order in which it began; a sync in that in which it ended. */
function callsIn(trace: string): Call[] {
  const calls: Call[] = []
  const open = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const [, thread = '', said = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const resumed = said.startsWith('<... ') ? open.get(thread) : undefined
    const text = resumed ?? said
    const name = /^\w+/.exec(text)?.[0] ?? ''
    const isSync = name === 'fsync' || name === 'fdatasync'
    if (said.endsWith('<unfinished ...>')) open.set(thread, said)
    if (isSync && !said.endsWith('= 0')) continue
    if (resumed !== undefined && !isSync) continue
    const paths = [...text.matchAll(/\d<(\/[^>]*)>|"(\/[^"]*)"/g)].map(([, held, named]) => held ?? named ?? '')
    calls.push({ name, paths, isWriting: /O_WRONLY|O_RDWR/.test(text) && text.includes('O_CREAT') })
  }
  return calls
}

/** Of LevelDB, and nothing of the store. */
const isStore = (path: string): boolean => !['LOCK', 'LOG', 'LOG.old'].includes(basename(path))

/** What was written, and is not yet sure to be on the disk, before each renaming of a directory and before each removal. */
class Platter {
  readonly #unsynced = new Set<string>()
  readonly found: { readonly what: string; readonly unsynced: readonly string[] }[] = []

  take({ name, paths: [path = '', to = ''], isWriting }: Call): void {
    if (name === 'fsync' || name === 'fdatasync') this.#unsynced.delete(path)
    else if (name === 'write' || isWriting) this.#unsynced.add(path)
    if (isWriting) this.#unsynced.add(dirname(path))
    if (name === 'unlink') {
      this.#note(`unlink ${dirname(path)}`)
      this.#unsynced.delete(path)
    }
    if (name !== 'rename') return
    this.#note(`rename ${path}`)
    for (const from of [...this.#unsynced].filter((one) => one === path || one.startsWith(`${path}/`))) {
      this.#unsynced.delete(from)
      this.#unsynced.add(to + from.slice(path.length))
    }
    this.#unsynced.add(dirname(to))
  }

  #note(what: string): void {
    const unsynced = [...this.#unsynced].filter((path) => path.startsWith(home) && isStore(path)).sort()
    this.found.push({
      what: what.replaceAll(`${home}/`, ''),
      unsynced: unsynced.map((path) => path.slice(home.length)),
    })
  }
}

const mayLeave = mayLeaveOut('strace', '-V')
const platter = new Platter()
let said: unknown

beforeAll(async () => {
  if (mayLeave) return
  await run(damaging)
  const calls = 'trace=openat,write,fsync,fdatasync,rename,unlink'
  const out = await run(opening, 'strace', '-f', '-y', '-s', '4', '-e', calls, '-o', at('trace'))
  said = JSON.parse(out)
  for (const call of callsIn(await readFile(at('trace'), 'utf8'))) platter.take(call)
}, 60_000)

describe.skipIf(mayLeave)('a store that is written anew', () => {
  const before = (what: string, paths: RegExp): string[] | undefined =>
    platter.found.find((each) => each.what === what)?.unsynced.filter((path) => paths.test(path))

  it('is whole, and told to be damaged', () => {
    // All but the damaged one, and the store's own.
    expect(said).toEqual({ kept: 2_999, isDamaged: true })
  })

  it('is on the disk with all its files before it has the name under which the next start goes on from it', () => {
    expect(before('rename catalog-rebuilding', /^\/catalog-rebuilding/)).toEqual([])
  })

  it('has that name on the disk, and what was found is in its copy, before anything of the old one is removed', () => {
    const removals = platter.found.slice(platter.found.findIndex(({ what }) => what === 'rename catalog-rebuilding'))
    const first = removals.find(({ what }) => what === 'unlink catalog')
    expect(first?.unsynced.filter((path) => path === '' || /^\/(catalog-rebuilt|damaged-)/.test(path))).toEqual([])
  })

  it('is on the disk in the place of the old one before it goes itself', () => {
    expect(before('rename catalog-rebuilt', /^\/catalog(\/|$)/)).toEqual([])
  })
})

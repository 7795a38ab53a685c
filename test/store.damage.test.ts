// What becomes of a store whose files were damaged: real LevelDB files, harmed while nobody has them open.

import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LevelStore, openLevelStore } from '../src/adapters/store/level.ts'
import type { StoredEntry, StoredOp } from '../src/hub/ports.ts'

const root = await mkdtemp(join(tmpdir(), 'hubmesh-damage-'))
const pristine = join(root, 'pristine')
afterAll(() => rm(root, { recursive: true, force: true }))

const text = (key: string): string => `${key} `.repeat(20)
const put = (key: string): StoredOp => ({ put: key, value: new TextEncoder().encode(text(key)) })
const write = (store: LevelStore, batch: readonly StoredOp[]) =>
  new Promise<boolean>((done) => store.persist(batch, true, done))
const load = (store: LevelStore) =>
  new Promise<{ entries: readonly StoredEntry[]; isDamaged: boolean }>((done, failed) =>
    store.load((entries, isDamaged) => done({ entries: [...entries], isDamaged }), failed),
  )

/** A thousand entries in a table, three hundred more in the log. */
beforeAll(async () => {
  let store = await openLevelStore(pristine)
  for (let i = 0; i < 10; i++) {
    await write(
      store,
      Array.from({ length: 100 }, (_, j) => put(`table/${i * 100 + j}`)),
    )
  }
  await store.close()
  store = await openLevelStore(pristine)
  for (let i = 0; i < 300; i++) await write(store, [put(`log/${i}`)])
  await store.close()
})

async function harmed(name: string, harm: (directory: string) => Promise<void>): Promise<string> {
  const home = join(root, name.replaceAll(/\W/g, '-'))
  await mkdir(home)
  await cp(pristine, join(home, 'catalog'), { recursive: true })
  await harm(join(home, 'catalog'))
  await cp(join(home, 'catalog'), join(home, 'harmed'), { recursive: true })
  return home
}

async function file(directory: string, pattern: RegExp): Promise<string> {
  const sizes = await Promise.all(
    (await readdir(directory))
      .filter((name) => pattern.test(name))
      .map(async (name) => [name, (await stat(join(directory, name))).size] as const),
  )
  const [name] = sizes.sort((a, b) => b[1] - a[1])[0] ?? []
  if (name === undefined) throw new Error(`no file like ${pattern} in ${directory}`)
  return join(directory, name)
}

const flip = (pattern: RegExp, at: number) => async (directory: string) => {
  const path = await file(directory, pattern)
  const bytes = await readFile(path)
  const index = Math.floor(bytes.length * at)
  bytes[index] = (bytes[index] ?? 0) ^ 0x10
  await writeFile(path, bytes)
}
const tear = (pattern: RegExp, at: number) => async (directory: string) => {
  const path = await file(directory, pattern)
  await truncate(path, Math.floor((await stat(path)).size * at))
}
const remove = (pattern: RegExp) => async (directory: string) => unlink(await file(directory, pattern))

const stunt = async (directory: string) => {
  const db = new Level<string, Uint8Array>(directory, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await db.put('table/7', new Uint8Array([0xff, 1]), { sync: true })
  await db.close()
}

const table = /\.ldb$/
const log = /\.log$/
/** What is kept beside a store: of one that LevelDB reads, of one that it opens and cannot read, of one that it refuses. */
const [logs, data, all] = [log, /\.(log|ldb)$/, /\.(log|ldb)$|^MANIFEST|^CURRENT$/]

interface Damage {
  /** How many of the 1,300 entries must be left. */
  readonly kept: number
  readonly aside: RegExp
  readonly harm: (directory: string) => Promise<void>
}

const kinds: readonly [name: string, damage: Damage][] = [
  ['a flipped bit in a table', { kept: 1_299, aside: data, harm: flip(table, 0.3) }],
  ['a flipped bit at the end of a table', { kept: 300, aside: data, harm: flip(table, 0.999_99) }],
  ['a flipped bit in the log', { kept: 1_200, aside: data, harm: flip(log, 0.4) }],
  ['a flipped bit in the manifest', { kept: 1_300, aside: all, harm: flip(/^MANIFEST/, 0.5) }],
  ['a torn table', { kept: 300, aside: data, harm: tear(table, 0.5) }],
  ['an empty table', { kept: 300, aside: data, harm: tear(table, 0) }],
  ['a torn manifest', { kept: 1_300, aside: all, harm: tear(/^MANIFEST/, 0.3) }],
  ['a deleted table', { kept: 300, aside: all, harm: remove(table) }],
  ['a log that ends too early', { kept: 1_100, aside: logs, harm: tear(log, 0.5) }],
  ['a log without its last byte', { kept: 1_299, aside: logs, harm: tear(log, 0.999_99) }],
  ['a deleted log', { kept: 1_000, aside: logs, harm: remove(log) }],
  ['a deleted manifest', { kept: 1_300, aside: all, harm: remove(/^MANIFEST/) }],
  ['a deleted CURRENT', { kept: 1_300, aside: all, harm: remove(/^CURRENT$/) }],
  ['an empty CURRENT', { kept: 1_300, aside: all, harm: tear(/^CURRENT$/, 0) }],
]

/**
 * These files lie beside the store as they were, and the tables that do not are in it as they were. The manifest of a store
 * that it opens LevelDB replaces each time.
 */
async function expectKept(home: string, aside: RegExp): Promise<void> {
  const found = await readdir(home, { recursive: true })
  expect(found.filter((name) => name.startsWith('damaged-')).length).toBeGreaterThan(0)
  for (const name of await readdir(join(home, 'harmed'))) {
    const isAside = aside.test(name)
    if (!isAside && !table.test(name)) continue
    const places = found.filter(
      (path) => path.startsWith(isAside ? 'damaged-' : 'catalog/') && path.endsWith(`/${name}`),
    )
    expect(places, name).not.toEqual([])
    const before = await readFile(join(home, 'harmed', name))
    for (const place of places) expect(await readFile(join(home, place)), place).toEqual(before)
  }
}

describe('a damaged store', () => {
  it.each(kinds)(
    'with %s opens, says so, gives back only what was written, and keeps every log and table',
    async (name, { kept, aside, harm }) => {
      const home = await harmed(name, harm)
      const store = await openLevelStore(join(home, 'catalog'))
      const { entries, isDamaged } = await load(store)
      for (const { key, value } of entries) expect(new TextDecoder().decode(value)).toBe(text(key))
      expect([isDamaged, entries.length >= kept]).toEqual([true, true])
      expect(store.damage?.reasons).not.toEqual([])
      await store.close()
      await expectKept(home, aside)
    },
  )

  const often = [
    ['a log that is gone', remove(log)],
    ['a value that is altered', flip(table, 0.3)],
    ['a value that is too short for a checksum', stunt],
  ] as const
  it.each(often)('says so until the hub has written what it makes of %s, and no longer', async (name, harm) => {
    for (const times of [0, 1]) {
      const directory = join(await harmed(`${name} ${times}`, harm), 'catalog')
      const opened = async (use: (store: LevelStore) => Promise<void>): Promise<boolean> => {
        const store = await openLevelStore(directory)
        const { isDamaged } = await load(store)
        await use(store)
        await store.close()
        return isDamaged
      }
      for (let i = 0; i < times; i++) expect(await opened(async () => {})).toBe(true)
      expect(await opened(async (store) => void (await write(store, [put('table/0')])))).toBe(true)
      expect(await opened(async () => {})).toBe(false)
    }
  })

  it('is none where only batches are missing that were never synced, as after a crash', async () => {
    const home = await harmed('crashed', async () => {})
    const directory = join(home, 'catalog')
    let store = await openLevelStore(directory)
    await write(store, [put('log/last')])
    await new Promise((done) => store.persist([{ put: 'unsynced', value: new Uint8Array(9) }], false, done))
    await store.close()
    await tear(log, 0.999_99)(directory)
    store = await openLevelStore(directory)
    const { entries, isDamaged } = await load(store)
    expect([entries.length, isDamaged]).toEqual([1_301, false])
    await store.close()
  })

  it('goes on from the complete new store where the process ended while that took its place, and not from a part of it', async () => {
    const home = await harmed('taken', async (directory) => {
      await cp(directory, `${directory}-rebuilt`, { recursive: true })
      await mkdir(`${directory}-rebuilding`)
      for (const name of await readdir(directory)) await writeFile(join(directory, name), 'garbage')
    })
    const store = await openLevelStore(join(home, 'catalog'))
    const { entries } = await load(store)
    expect(entries).toHaveLength(1_300)
    await store.close()
    expect((await readdir(home)).filter((name) => name.startsWith('catalog-rebuilt'))).toEqual([])
  })

  it('that was sound leaves nothing beside it', async () => {
    const home = await harmed('sound', async () => {})
    const store = await openLevelStore(join(home, 'catalog'))
    const { entries, isDamaged } = await load(store)
    expect([entries.length, isDamaged, store.damage]).toEqual([1_300, false, undefined])
    await store.close()
    expect((await readdir(home)).sort()).toEqual(['catalog', 'harmed'])
  })

  it.skipIf(!existsSync('/dev/shm'))('that lies on another disk, behind a link, opens like any', async () => {
    const home = await harmed('linked', flip(log, 0.4))
    const elsewhere = await mkdtemp('/dev/shm/hubmesh-damage-')
    try {
      await cp(join(home, 'catalog'), join(elsewhere, 'catalog'), { recursive: true })
      await rm(join(home, 'catalog'), { recursive: true })
      await symlink(join(elsewhere, 'catalog'), join(home, 'catalog'))
      const store = await openLevelStore(join(home, 'catalog'))
      expect((await load(store)).isDamaged).toBe(true)
      await store.close()
      await expectKept(home, data)
    } finally {
      await rm(elsewhere, { recursive: true })
    }
  })

  it('beyond repair is moved aside, and another begun', async () => {
    const home = await harmed('hopeless', async (directory) => {
      for (const name of await readdir(directory)) await writeFile(join(directory, name), 'garbage')
    })
    const store = await openLevelStore(join(home, 'catalog'))
    expect(await load(store)).toEqual({ entries: [], isDamaged: true })
    expect(await write(store, [put('a')])).toBe(true)
    await store.close()
    await expectKept(home, all)
  })
})

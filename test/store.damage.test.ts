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
/** With how many entries must be left of the 1,300. */
const kinds: readonly [name: string, kept: number, harm: (directory: string) => Promise<void>][] = [
  ['a flipped bit in a table', 1_299, flip(table, 0.3)],
  ['a flipped bit at the end of a table', 300, flip(table, 0.98)],
  ['a flipped bit in the log', 1_200, flip(log, 0.4)],
  ['a flipped bit in the manifest', 1_300, flip(/^MANIFEST/, 0.5)],
  ['a torn table', 300, tear(table, 0.5)],
  ['an empty table', 300, tear(table, 0)],
  ['a torn manifest', 1_300, tear(/^MANIFEST/, 0.3)],
  ['a deleted table', 300, remove(table)],
  ['a deleted log', 1_000, remove(log)],
  ['a deleted manifest', 1_300, remove(/^MANIFEST/)],
  ['a deleted CURRENT', 1_300, remove(/^CURRENT$/)],
  ['an empty CURRENT', 1_300, tear(/^CURRENT$/, 0)],
]

/** Every file that was there is still there as it was, in the store or beside it; but for tables, whose entries are. */
async function expectAllKept(home: string): Promise<void> {
  const found = await readdir(home, { recursive: true })
  const damaged = found.filter((name) => name.startsWith('damaged-'))
  const harmedFiles = await readdir(join(home, 'harmed'))
  for (const name of harmedFiles.filter((one) => one.endsWith('.log'))) {
    const copies = damaged.filter((path) => path.endsWith(`/${name}`))
    expect(copies).not.toEqual([])
    expect(await readFile(join(home, copies[0] ?? ''))).toEqual(await readFile(join(home, 'harmed', name)))
  }
  expect(damaged.length).toBeGreaterThan(0)
}

describe('a damaged store', () => {
  it.each(kinds)(
    'with %s opens, says so, gives back only what was written, and keeps all',
    async (name, kept, harm) => {
      const home = await harmed(name, harm)
      const store = await openLevelStore(join(home, 'catalog'))
      const { entries, isDamaged } = await load(store)
      for (const { key, value } of entries) expect(new TextDecoder().decode(value)).toBe(text(key))
      expect([isDamaged, entries.length >= kept]).toEqual([true, true])
      expect(store.damage?.reasons).not.toEqual([])
      await store.close()
      await expectAllKept(home)
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
      await expectAllKept(home)
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
  })
})

// Layouts of the store: what an earlier version wrote is read, and what a later one wrote is refused.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { formatOp } from '../src/adapters/store/layout.ts'
import { openLevelStore } from '../src/adapters/store/level.ts'
import type { StoredEntry } from '../src/hub/ports.ts'
import { testHub } from './hubs.ts'

const root = await mkdtemp(join(tmpdir(), 'hubmesh-format-'))
afterAll(() => rm(root, { recursive: true, force: true }))

/** What a hub of 0.2.0 left behind that had registered three projects and removed one of them. */
async function stored(): Promise<[key: string, bytes: Uint8Array][]> {
  const text = await readFile(join(import.meta.dirname, 'fixtures/store-0.2.0.json'), 'utf8')
  return Object.entries(JSON.parse(text) as Record<string, string>).map(([key, value]) => [
    key,
    new Uint8Array(Buffer.from(value, 'base64')),
  ])
}

async function raw<T>(directory: string, use: (db: Level<string, Uint8Array>) => Promise<T>): Promise<T> {
  const db = new Level<string, Uint8Array>(directory, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await db.open()
  try {
    return await use(db)
  } finally {
    await db.close()
  }
}

async function layoutOf020(name: string): Promise<string> {
  const directory = join(root, name, 'catalog')
  const entries = await stored()
  await raw(directory, (db) => db.batch(entries.map(([key, value]) => ({ type: 'put', key, value }))))
  return directory
}

async function read(directory: string) {
  const store = await openLevelStore(directory)
  const entries = await new Promise<readonly StoredEntry[]>((done, failed) =>
    store.load((all) => done([...all]), failed),
  )
  await store.close()
  return { damage: store.damage, entries: entries.map(({ key, value }) => [key, new Uint8Array(value)]) }
}

describe('a store of 0.2.0, which bore no format', () => {
  it('is brought to the present format once, with every value as it was', async () => {
    const directory = await layoutOf020('once')
    const before = await stored()
    expect(await read(directory)).toEqual({ damage: undefined, entries: before })
    const after = await raw(directory, (db) => db.iterator().all())
    expect(after.map(([key]) => key)).toEqual([...before.map(([key]) => key), 'format', 'sum'].sort())
    expect(await read(directory)).toEqual({ damage: undefined, entries: before })
    expect(await raw(directory, (db) => db.iterator().all())).toEqual(after)
  })

  it('is what its hub goes on with', async () => {
    await layoutOf020('hub')
    const hub = await testHub({ HUBMESH_NODE__DATA_DIR: join(root, 'hub') })
    onTestFinished(() => hub.stop())
    const projects = hub.driver.views.projects(hub.driver.now(), {})
    expect(projects.map(({ slug, name, tags }) => [slug, name, tags])).toEqual([
      ['alpha', 'The alpha', ['x', 'y']],
      ['beta', 'The beta', ['x', 'y']],
    ])
  })
})

describe('a store of a later format', () => {
  it('is refused by name and left as it is', async () => {
    const directory = await layoutOf020('later')
    await read(directory)
    const { put, value } = { put: '', value: new Uint8Array(), ...formatOp(2) }
    await raw(directory, (db) => db.put(put, value, { sync: true }))
    const before = await raw(directory, (db) => db.iterator().all())
    await expect(openLevelStore(directory)).rejects.toThrow(
      /catalog cannot be opened: it has format 2, and this version of HubMesh reads up to 1: run the version that wrote it/,
    )
    expect(await raw(directory, (db) => db.iterator().all())).toEqual(before)
  })
})

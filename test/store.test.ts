// What a hub persists survives what happens to processes and machines.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Disk } from '../simulations/engine/disk.ts'
import { Trace } from '../simulations/engine/trace.ts'
import { type Life, World } from '../simulations/engine/world.ts'
import { type LevelStore, openLevelStore } from '../src/adapters/store/level.ts'
import { DirectoryLocked } from '../src/adapters/store/rescue.ts'
import { Random } from '../src/core/random.ts'
import type { StoredEntry } from '../src/hub/ports.ts'
import { type StoreWorld, storeContract } from './contracts/store.ts'

const directories: string[] = []
async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hubmesh-store-'))
  directories.push(path)
  return path
}
afterEach(async () => {
  for (const path of directories.splice(0)) await rm(path, { recursive: true, force: true })
})

/** LevelDB cannot be crashed inside this process; the test below kills one for that. */
async function onLevel(): Promise<StoreWorld> {
  const path = await directory()
  let store: LevelStore | undefined
  return {
    async open() {
      await store?.close()
      store = await openLevelStore(path)
      return store
    },
    outcome: (ask) => new Promise(ask),
    end: async () => store?.close(),
  }
}

function onDisk(seed: number): StoreWorld {
  const world = new World(seed, new Trace())
  const disk = new Disk(new Random(seed))
  let life: Life = { alive: true, thawsAt: 0 }
  return {
    async open(ending) {
      if (ending === 'close') world.run(world.now + 1_000)
      else disk.crash()
      life.alive = false
      life = { alive: true, thawsAt: 0 }
      return disk.mount(world, life)
    },
    async outcome<T>(ask: (done: (answer: T) => void) => void) {
      const answers: T[] = []
      ask((answer) => answers.push(answer))
      world.run(world.now + 1_000)
      if (answers.length !== 1) throw new Error(`${answers.length} answers`)
      return answers[0] as T
    },
    end: async () => {},
  }
}

storeContract('The store on LevelDB', onLevel)
for (const seed of [1, 2, 3]) storeContract(`The simulated disk, seed ${seed},`, async () => onDisk(seed))

const utf8 = (text: string) => new TextEncoder().encode(text)
const load = (store: LevelStore) =>
  new Promise<readonly StoredEntry[]>((done, failed) =>
    store.load(
      (entries) => done([...entries]),
      (reason) => failed(new Error(reason)),
    ),
  )

/** Writes for ever, and says after each synced write which it was. */
const writer = (path: string) => `
  import { openLevelStore } from ${JSON.stringify(new URL('../src/adapters/store/level.ts', import.meta.url).href)}
  const store = await openLevelStore(${JSON.stringify(path)})
  const next = (n) => store.persist([{ put: 'n', value: new TextEncoder().encode(String(n)) }], true, (ok) => {
    if (ok) process.stdout.write(n + '\\n', () => next(n + 1))
  })
  next(1)`

async function spawnWriter(path: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer(path)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  await once(child.stdout, 'data')
  return { child, last: () => Number(said.trim().split('\n').at(-1)) }
}

describe('a data directory', () => {
  it('holds every acknowledged write after its hub is killed with SIGKILL', async () => {
    const path = await directory()
    const { child, last } = await spawnWriter(path)
    child.kill('SIGKILL')
    await once(child, 'close')
    const store = await openLevelStore(path)
    const [entry] = await load(store)
    await store.close()
    expect(Number(new TextDecoder().decode(entry?.value))).toBeGreaterThanOrEqual(last())
  })

  it('that another process holds is refused by name after two seconds', async () => {
    const path = await directory()
    const { child } = await spawnWriter(path)
    const began = performance.now()
    const failure = await openLevelStore(path).catch((error: unknown) => error)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(failure).toBeInstanceOf(DirectoryLocked)
    expect(failure).toMatchObject({ directory: path, message: expect.stringContaining(path) })
    expect(performance.now() - began).toBeGreaterThan(1_900)
  })

  it('that its predecessor is about to close is waited for', async () => {
    const path = await directory()
    const predecessor = await openLevelStore(path)
    const successor = openLevelStore(path)
    predecessor.persist([{ put: 'a', value: utf8('last words') }], true, () => {})
    await predecessor.close()
    const store = await successor
    expect((await load(store)).length).toBe(1)
    await store.close()
  })

  it('that cannot be made is an error of its own', async () => {
    await expect(openLevelStore('/dev/null/data')).rejects.not.toBeInstanceOf(DirectoryLocked)
  })

  it('answers a write that failed with false, not with an exception', async () => {
    const path = await directory()
    const store = await openLevelStore(path)
    await store.close()
    expect(await new Promise((done) => store.persist([{ put: 'a', value: utf8('late') }], true, done))).toBe(false)
    const reason = await new Promise<string>((failed) => store.load(() => failed('loaded'), failed))
    expect(reason).toContain(path)
  })
})

describe('a simulated crash', () => {
  it('sometimes loses what was not synced, and sometimes does not', () => {
    const kept = new Set<number>()
    for (let seed = 0; seed < 50; seed++) {
      const world = new World(seed, new Trace())
      const disk = new Disk(new Random(seed))
      const store = disk.mount(world, { alive: true, thawsAt: 0 })
      for (let i = 0; i < 3; i++) store.persist([{ put: `k${i}`, value: utf8('v') }], false, () => {})
      world.run(1_000)
      disk.crash()
      const again = disk.mount(world, { alive: true, thawsAt: 0 })
      again.load(
        (entries) => kept.add([...entries].length),
        () => {},
      )
      world.run(2_000)
    }
    expect([...kept].sort()).toEqual([0, 1, 2, 3])
  })

  it('cannot make a full disk take a write', () => {
    const world = new World(1, new Trace())
    const disk = new Disk(new Random(1))
    const store = disk.mount(world, { alive: true, thawsAt: 0 })
    disk.full = true
    const answers: boolean[] = []
    store.persist([{ put: 'a', value: utf8('v') }], true, (ok) => answers.push(ok))
    world.run(1_000)
    disk.full = false
    store.persist([{ put: 'b', value: utf8('v') }], true, (ok) => answers.push(ok))
    world.run(2_000)
    expect(answers).toEqual([false, true])
  })
})

describe('a directory that cannot be a store', () => {
  it('is named, with the reason and what to do', async () => {
    const path = await directory()
    await writeFile(join(path, 'catalog'), 'a file')
    await expect(openLevelStore(join(path, 'catalog'))).rejects.toThrow(
      /^\/.*catalog cannot be opened: .*EEXIST.*; free or mend the disk, or set node.data_dir/,
    )
  })
})

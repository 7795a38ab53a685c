// What every `Store` must do, the one on LevelDB and the simulated disk: written only against the port.

import { afterEach, describe, expect, it } from 'vitest'
import type { Store, StoredOp } from '../../src/hub/ports.ts'

/** Where one case keeps its data. A simulated world runs its clock in `outcome`. */
export interface StoreWorld {
  /** The store of a first, or of the next, process. Ends the last one; `crash` without letting it finish. */
  open(ending: 'close' | 'crash'): Promise<Store>
  /** Waits until the store has answered. */
  outcome<T>(ask: (done: (answer: T) => void) => void): Promise<T>
  end(): Promise<void>
}

const utf8 = (text: string) => new TextEncoder().encode(text)
const put = (key: string, value: string): StoredOp => ({ put: key, value: utf8(value) })
const del = (key: string): StoredOp => ({ del: key })

export function storeContract(title: string, makeWorld: () => Promise<StoreWorld>): void {
  describe(`${title} keeps the store contract`, () => {
    let world: StoreWorld | undefined
    const fresh = async () => {
      world = await makeWorld()
      return { world, store: await world.open('close') }
    }
    afterEach(async () => {
      await world?.end()
      world = undefined
    })

    contentCases(fresh)
    lifeCases(fresh)
  })
}

type Fresh = () => Promise<{ world: StoreWorld; store: Store }>

async function content(world: StoreWorld, store: Store): Promise<string[]> {
  const entries = await world.outcome<Parameters<Parameters<Store['load']>[0]>[0]>((done) =>
    store.load(done, (reason) => {
      throw new Error(reason)
    }),
  )
  return [...entries].map((entry) => `${entry.key}=${new TextDecoder().decode(entry.value)}`)
}

const persist = (world: StoreWorld, store: Store, batch: readonly StoredOp[]) =>
  world.outcome<boolean>((done) => store.persist(batch, true, done))

function contentCases(fresh: Fresh): void {
  it('is empty at first', async () => {
    const { world, store } = await fresh()
    expect(await content(world, store)).toEqual([])
  })

  it('gives back what was put, in the order of the keys', async () => {
    const { world, store } = await fresh()
    expect(await persist(world, store, [put('b/2', 'two'), put('a', 'one'), put('b/10', 'ten'), put('B', '')])).toBe(
      true,
    )
    expect(await content(world, store)).toEqual(['B=', 'a=one', 'b/10=ten', 'b/2=two'])
  })

  it('forgets what was deleted, and minds no deletion of what is not there', async () => {
    const { world, store } = await fresh()
    await persist(world, store, [put('a', '1'), put('b', '2')])
    expect(await persist(world, store, [del('a'), del('nothing')])).toBe(true)
    expect(await content(world, store)).toEqual(['b=2'])
  })

  it('applies a batch in its order, and takes an empty one', async () => {
    const { world, store } = await fresh()
    await persist(world, store, [put('a', '1'), del('a'), put('b', '1'), put('b', '2'), del('c'), put('c', '3')])
    expect(await persist(world, store, [])).toBe(true)
    expect(await content(world, store)).toEqual(['b=2', 'c=3'])
  })

  it('keeps any bytes as they are', async () => {
    const { world, store } = await fresh()
    const value = new Uint8Array(100_000).map((_, i) => (i * 7) % 256)
    await persist(world, store, [{ put: 'bytes', value }])
    const again = await world.open('close')
    const entries = await world.outcome<Parameters<Parameters<Store['load']>[0]>[0]>((done) =>
      again.load(done, () => {}),
    )
    expect(new Uint8Array([...entries][0]?.value ?? [])).toEqual(value)
  })

  it('writes and answers in the order of the calls, synced or not', async () => {
    const { world, store } = await fresh()
    const answered: number[] = []
    await world.outcome<boolean>((done) => {
      for (let i = 0; i < 50; i++) {
        store.persist([put('last', String(i)), put(`n${i % 10}`, String(i))], i % 3 === 0, () => answered.push(i))
      }
      store.persist([], true, done)
    })
    expect(answered).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect((await content(world, store))[0]).toBe('last=49')
  })
}

function lifeCases(fresh: Fresh): void {
  it('keeps across a crash what it said is synced, and everything before it', async () => {
    const { world, store } = await fresh()
    store.persist([put('earlier', 'unsynced')], false, () => {})
    await persist(world, store, [put('a', '1'), put('b', '1')])
    await persist(world, store, [put('b', '2')])
    const again = await world.open('crash')
    expect(await content(world, again)).toEqual(['a=1', 'b=2', 'earlier=unsynced'])
  })

  it('has all of a batch after a crash, or nothing of it, and no batch without the ones before', async () => {
    const { world, store } = await fresh()
    for (let i = 0; i < 20; i++) store.persist([put(`a${i + 10}`, 'x'), put(`b${i + 10}`, 'x')], false, () => {})
    const kept = await content(world, await world.open('crash'))
    const whole = kept.length / 2
    const expected = ['a', 'b'].flatMap((half) => Array.from({ length: whole }, (_, i) => `${half}${i + 10}=x`))
    expect(kept).toEqual(expected)
  })

  it('goes on with what it had after a clean end', async () => {
    const { world, store } = await fresh()
    store.persist([put('a', 'unsynced')], false, () => {})
    const again = await world.open('close')
    await persist(world, again, [put('b', 'later')])
    expect(await content(world, again)).toEqual(['a=unsynced', 'b=later'])
  })
}

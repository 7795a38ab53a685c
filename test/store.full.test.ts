// A disk that is full, with a real LevelDB on a small real filesystem: what is acknowledged before and after is there when the
// store is opened again. LevelDB alone loses some of the latter: its log goes on behind the torn end of the refused write.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { killLeftovers, launch, mayLeaveOut } from './processes.ts'

const root = await mkdtemp(join(tmpdir(), 'hubmesh-full-'))
afterAll(async () => {
  killLeftovers()
  await rm(root, { recursive: true, force: true })
})

/** Fills the disk three times; prints what was acknowledged and is missing or altered in the end. */
const script = `
  import { rmSync, writeFileSync } from 'node:fs'
  import { openLevelStore } from ${JSON.stringify(new URL('../src/adapters/store/level.ts', import.meta.url).href)}
  const directory = process.argv.at(-1)
  const kept = new Map()
  let store = await openLevelStore(directory + '/catalog')
  const put = (key, value) => new Promise((done) => store.persist([{ put: key, value }], true, done))
  let refused = 0
  let count = 0
  const writeOne = async () => {
    const key = 'k' + count
    const value = crypto.getRandomValues(new Uint8Array(3_000 + (count++ % 7) * 911))
    const ok = await put(key, value)
    if (ok) kept.set(key, value)
    else refused++
    return ok
  }
  for (const round of [0, 1, 2]) writeFileSync(directory + '/ballast' + round, new Uint8Array(1_500_000))
  for (let round = 0; round < 3; round++) {
    while (await writeOne()) {}
    for (let i = 0; i < 3; i++) await writeOne()
    rmSync(directory + '/ballast' + round)
    for (let i = 0; i < 20; i++) await writeOne()
  }
  await store.close()
  store = await openLevelStore(directory + '/catalog')
  store.load(([...entries], isDamaged) => {
    const found = new Map(entries.map(({ key, value }) => [key, Buffer.from(value)]))
    const lost = [...kept].filter(([key, value]) => !found.get(key)?.equals(value)).map(([key]) => key)
    console.log(JSON.stringify({ refused: refused >= 9, kept: kept.size > 40, lost, isDamaged }))
  }, console.error)
`

/** A store that LevelDB does not open, on a disk without room for a copy of it: what its opening leaves, five times. */
const crowded = `
  import { randomBytes } from 'node:crypto'
  import { readdirSync, rmSync, writeFileSync } from 'node:fs'
  import { openLevelStore } from ${JSON.stringify(new URL('../src/adapters/store/level.ts', import.meta.url).href)}
  const directory = process.argv.at(-1)
  const store = await openLevelStore(directory + '/catalog')
  const value = randomBytes(1_500_000)
  await new Promise((done) => store.persist([{ put: 'k', value }], true, done))
  await store.close()
  rmSync(directory + '/catalog/CURRENT')
  writeFileSync(directory + '/ballast', new Uint8Array(2_500_000))
  const told = new Set()
  for (let i = 0; i < 5; i++) await openLevelStore(directory + '/catalog').catch((error) => told.add(error.message.includes('ENOSPC')))
  const left = readdirSync(directory).sort()
  rmSync(directory + '/ballast')
  const again = await openLevelStore(directory + '/catalog')
  again.load(([...entries], isDamaged) => console.log(JSON.stringify({ told: [...told], left, kept: entries.length, isDamaged })))
`

const inSmallDisk = async (program: string) => {
  const mount = 'mount -t tmpfs -o size=5m none "$1" && exec "$2" --input-type=module -e "$3" -- "$1"'
  const { code, out, err } = await launch('unshare', ['-rm', 'sh', '-c', mount, 'sh', root, process.execPath, program])
    .ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

describe.skipIf(mayLeaveOut('unshare', '-rm', 'true'))('a full disk', () => {
  it('has a damaged store wait for room for a copy, and take none meanwhile', async () => {
    const { told, left, ...rest } = await inSmallDisk(crowded)
    expect(told).toEqual([true])
    expect([left, rest]).toEqual([['ballast', 'catalog', 'catalog-opening'], { kept: 1, isDamaged: true }])
  })

  it('costs no acknowledged write, and takes writes again as soon as there is room', async () => {
    expect(await inSmallDisk(script)).toEqual({ refused: true, kept: true, lost: [], isDamaged: false })
  })
})

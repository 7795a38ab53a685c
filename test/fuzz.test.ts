// Broken frames for everything that reads what others wrote; `npm run fuzz` gives more of them.

import { describe, expect, it } from 'vitest'
import { fuzz, given, replay } from '../scripts/fuzz/fuzzer.ts'

describe('the fuzzer', () => {
  it('finds nothing that throws, hangs or grows in 100,000 frames', { timeout: 180_000 }, async () => {
    const { counts, findings } = await fuzz({ seed: 1, frames: 100_000 })
    expect(findings).toEqual([])
    expect(Object.keys(counts).sort()).toEqual(['codec', 'cursor', 'disk', 'framer', 'hello', 'http', 'hub', 'nats'])
  })

  it('finds what throws, at once or later, and what is slow the first time; a pause is no work', async () => {
    const taker = (take: () => unknown) => given({ take }, new Uint8Array())
    const worked = (since: NodeJS.CpuUsage) => {
      const { user, system } = process.threadCpuUsage(since)
      return (user + system) / 1_000
    }
    const busy = (ms: number) => {
      const from = process.threadCpuUsage()
      while (worked(from) < ms);
    }
    expect(await taker(() => 5)).toBeUndefined()
    expect(
      await taker(() => {
        throw new Error('broken')
      }),
    ).toMatch(/broken/)
    expect(await taker(() => Promise.reject(new Error('broken later')))).toMatch(/broken later/)
    expect(await taker(() => busy(60))).toMatch(/takes \d+ ms/)
    let times = 0
    expect(await taker(() => (times++ === 0 ? busy(60) : undefined))).toMatch(/takes \d+ ms/)
    const lock = new Int32Array(new SharedArrayBuffer(4))
    expect(await taker(() => Atomics.wait(lock, 0, 0, 60))).toBeUndefined()
  })

  it('gives a frame again by its hex', async () => {
    expect(await replay('codec', 'a3617602')).toBeUndefined()
    expect(await replay('nothing', '')).toMatch(/no target nothing: .*codec/)
  })
})

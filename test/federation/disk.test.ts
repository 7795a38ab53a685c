// What hubs do about their disks: real processes, real files.

import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { mayLeaveOut } from '../processes.ts'
import { ready, shows, slugs } from './agreement.ts'
import { Federation } from './processes.ts'

const within = 60_000
vi.setConfig({ testTimeout: 2 * within, hookTimeout: within })

let federation: Federation | undefined
afterEach(async () => {
  await federation?.close()
  federation = undefined
})

async function flipBits(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/\.(ldb|log)$/.test(name)) continue
    const path = join(directory, name)
    const { size } = await stat(path)
    const file = await open(path, 'r+')
    for (let at = 40; at < size; at += 97) await file.write(Buffer.from([0xa5]), 0, 1, at)
    await file.close()
  }
}

describe('a hub whose store is damaged', () => {
  it('says so, takes everything back from its peers, and opens a later epoch for its own', async () => {
    federation = await Federation.open()
    const a = await federation.add({ id: 'a', tier: 'regional' })
    const b = await federation.add({ id: 'b', bootstrap: [a.p2p] })
    a.start()
    b.start()
    await Promise.all([ready(a), ready(b)])
    for (const slug of ['a-1', 'a-2']) expect(await a.post('/api/fed/projects', { slug })).toBe(201)
    for (const slug of ['b-1', 'b-2', 'b-3']) expect(await b.post('/api/fed/projects', { slug })).toBe(201)
    const all = ['a-1', 'a-2', 'b-1', 'b-2', 'b-3']
    await Promise.all([shows(a, all), shows(b, all)])
    await b.end('SIGKILL')
    await flipBits(join(b.dataDir, 'catalog'))
    b.start()
    await ready(b)
    await shows(b, all)
    expect(b.log).toContain('the store was damaged')
    expect(b.log).toMatch(/"epoch":\[2,/)
    expect((await readdir(b.dataDir)).filter((name) => name.startsWith('damaged-'))).toHaveLength(1)
    expect(await b.post('/api/fed/projects', { slug: 'b-4' })).toBe(201)
    await shows(a, [...all, 'b-4'])
    await b.end('SIGTERM')
    b.start()
    await ready(b)
    await shows(b, [...all, 'b-4'])
    expect(b.log.match(/the store was damaged/g)).toHaveLength(1)
  })
})

describe.skipIf(mayLeaveOut('unshare', '-rm', 'true'))('a hub whose disk is full', () => {
  it('refuses writes, stays readable, says so, and recovers by itself when there is room again', async () => {
    federation = await Federation.open()
    // A disk of its own, of which a file takes the most.
    const mount =
      'mount -t tmpfs -o size=2m none "$1" && head -c 1200000 /dev/zero > "$1/ballast" && shift && exec "$@"'
    const disk = join(federation.folder, 'full')
    await mkdir(disk)
    const a = await federation.add({ id: 'full', launcher: ['unshare', '-rm', 'sh', '-c', mount, 'sh', disk] })
    a.start()
    await ready(a)
    const kept: string[] = []
    let status = 201
    for (let i = 100; status === 201 && i < 400; i++) {
      status = await a.post('/api/fed/projects', { slug: `p-${i}`, tags: tagsOf(i) })
      if (status === 201) kept.push(`p-${i}`)
    }
    expect([status, kept.length > 10]).toEqual([503, true])
    expect(await slugs(a)).toEqual(kept)
    const health = await a.get<{ checks: { storage: { status: string } } }>('/health')
    expect(health.checks.storage.status).toBe('fail')
    expect(await a.post('/api/fed/projects', { slug: 'later' })).toBe(503)
    await rm(join('/proc', String(a.pid), 'root', disk, 'ballast'))
    await vi.waitFor(async () => expect(await a.post('/api/fed/projects', { slug: 'later' })).toBe(201), within)
    expect(await slugs(a)).toEqual(expect.arrayContaining([...kept, 'later']))
    expect((await a.get<{ checks: { storage: { status: string } } }>('/health')).checks.storage.status).toBe('pass')
  })
})

/** Texts that do not compress. */
function tagsOf(i: number): string[] {
  return Array.from(
    { length: 60 },
    (_, j) => `${Math.sin(i * 100 + j)}${Math.cos(i * 100 + j)}${Math.tan(i * 100 + j)}`,
  )
}

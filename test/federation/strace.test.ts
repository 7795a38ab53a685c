// Durable before answered, as the kernel sees it: between each request that writes and its 2xx the log of the store is on the
// disk. The same hub made to write unsynced is found out.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { mayLeaveOut } from '../processes.ts'
import { ready } from './agreement.ts'
import { Federation } from './processes.ts'

const within = 60_000
vi.setConfig({ testTimeout: 2 * within, hookTimeout: within })

let federation: Federation | undefined
afterEach(async () => {
  await federation?.close()
  federation = undefined
})

const writes = 12

/** The calls that matter, in the order in which the kernel saw them end. */
async function callsOf(file: string): Promise<('request' | 'sync' | 'answer')[]> {
  const syncing = new Set<string>()
  const calls: ('request' | 'sync' | 'answer')[] = []
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const [thread = ''] = line.split(' ', 1)
    if (/"POST \/api\/fed\/projects |"DELETE \/api\/fed\/projects\//.test(line)) calls.push('request')
    else if (/"HTTP\/1\.1 20[14] /.test(line)) calls.push('answer')
    else if (/fdatasync\(\d+<[^>]*\/catalog\/\d+\.log>/.test(line)) {
      if (line.includes('<unfinished')) syncing.add(thread)
      else if (line.endsWith('= 0')) calls.push('sync')
    } else if (line.includes('fdatasync resumed') && syncing.delete(thread) && line.endsWith('= 0')) calls.push('sync')
  }
  return calls
}

/** How often each request that was answered had the log synced before. */
function syncsBefore(calls: readonly string[]): number[] {
  const found: number[] = []
  let syncs: number | undefined
  for (const call of calls) {
    if (call === 'request') syncs = 0
    else if (call === 'sync' && syncs !== undefined) syncs++
    else if (call === 'answer' && syncs !== undefined) {
      found.push(syncs)
      syncs = undefined
    }
  }
  return found
}

/** Writes and removals at a hub under strace, one after the other. `preload`: a module that Node loads first. */
async function traced(preload: string | undefined): Promise<number[]> {
  federation = await Federation.open()
  const file = join(federation.folder, 'trace')
  const strace = ['strace', '-D', '-f', '-y', '-s', '40', '-e', 'trace=read,write,writev,fdatasync', '-o', file]
  const env = preload === undefined ? [] : ['env', `NODE_OPTIONS=--import=${preload}`]
  const hub = await federation.add({ id: 'traced', launcher: [...env, ...strace] })
  hub.start()
  await ready(hub)
  for (let i = 0; i < writes / 2; i++) {
    expect(await hub.post('/api/fed/projects', { slug: `p-${i}`, name: 'first' })).toBe(201)
    const removed = await fetch(`${hub.http}/api/fed/projects/p-${i}`, { method: 'DELETE' })
    expect(removed.status).toBe(204)
  }
  await hub.end('SIGTERM')
  // The tracer is a process of its own that ends after the hub has.
  return vi.waitFor(async () => {
    const found = syncsBefore(await callsOf(file))
    expect(found).toHaveLength(writes)
    return found
  }, within)
}

describe.skipIf(mayLeaveOut('strace', '-V'))('between a request that writes and its answer', () => {
  it('the log is on the disk', async () => {
    const found = await traced(undefined)
    expect(found.filter((syncs) => syncs === 0)).toEqual([])
  })

  it('it is not when the store does not sync, and that is seen', async () => {
    const level = new URL('../../src/adapters/store/level.ts', import.meta.url).href
    const folder = await mkdtemp(join(tmpdir(), 'hubmesh-preload-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const preload = join(folder, 'unsynced.mjs')
    await writeFile(
      preload,
      `import { registerHooks } from 'node:module'
      registerHooks({
        load(url, context, next) {
          const loaded = next(url, context)
          if (url !== ${JSON.stringify(level)}) return loaded
          const source = String(loaded.source)
          if (!source.includes('{ sync: synced }')) throw new Error('level.ts does not sync where it used to')
          return { ...loaded, source: source.replace('{ sync: synced }', '{ sync: false }') }
        },
      })`,
    )
    const found = await traced(preload)
    expect(found).toEqual(Array.from({ length: writes }, () => 0))
  })
})

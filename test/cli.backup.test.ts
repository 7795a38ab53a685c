// `hubmesh backup` and `hubmesh restore`, over real hubs: what is restored, what is refused, and that nothing removed returns.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { archiveText, readArchive } from '../src/adapters/archive.ts'
import { openLevelStore } from '../src/adapters/store/level.ts'
import { hold } from '../src/adapters/store/rescue.ts'
import { putInPlace, unfitness } from '../src/cli/restore.ts'
import { loadConfig } from '../src/config/load.ts'
import { type Backup, missingIn } from '../src/hub/backup.ts'
import { hubId } from './core/kit.ts'
import { ready, shows } from './federation/agreement.ts'
import { Federation, type HubProcess } from './federation/processes.ts'
import { hubmesh, killLeftovers } from './processes.ts'

const within = 60_000
vi.setConfig({ testTimeout: 3 * within, hookTimeout: within })
afterAll(killLeftovers)

let federation: Federation | undefined
afterEach(async () => {
  await federation?.close()
  federation = undefined
})

const sample: Backup = {
  hub: hubId('b'),
  federation: 'hubmesh',
  version: '0.0.0',
  takenAt: Date.now() - 28 * 24 * 3_600_000,
  frontier: [{ hub: hubId('b'), epoch: [1, 'x'], seq: 1 }],
  entries: [['slice/b', { epoch: [1, 'x'], seq: 1, size: 0 }]],
}

const remove = async (hub: HubProcess, slug: string): Promise<number> =>
  (await fetch(`${hub.http}/api/fed/projects/${slug}`, { method: 'DELETE' })).status

async function run(...args: string[]) {
  const { code, out, err } = await hubmesh(args).ended
  return { code, out, err, json: (): Record<string, unknown> => JSON.parse(out) }
}

async function pair(): Promise<{ a: HubProcess; b: HubProcess; at: (name: string) => string }> {
  const all = await Federation.open()
  federation = all
  const a = await all.add({ id: 'a', tier: 'regional' })
  const b = await all.add({ id: 'b', bootstrap: [a.p2p] })
  a.start()
  b.start()
  await Promise.all([ready(a), ready(b)])
  return { a, b, at: (name) => join(all.folder, name) }
}

describe('a backup', () => {
  it('is what a lost hub begins with, without what was removed since; and gives single projects back', async () => {
    const { a, b, at } = await pair()
    const removed = { slug: 'b-removed', name: 'Removed', hub_url: 'http://p.example', tags: ['x', 'y'] }
    expect(await b.post('/api/fed/projects', removed)).toBe(201)
    expect(await b.post('/api/fed/projects', { slug: 'b-kept' })).toBe(201)
    expect(await a.post('/api/fed/projects', { slug: 'a-kept' })).toBe(201)
    const then = ['a-kept', 'b-kept', 'b-removed']
    await Promise.all([shows(a, then), shows(b, then)])
    const peer = (await b.status()).peer_id
    const file = at('b.backup')
    const taken = await run('backup', file, '--url', b.http, '--identity', '--json')
    expect([taken.code, taken.err]).toEqual([0, ''])
    expect(taken.json()).toMatchObject({ file, hub_id: 'b', slices: 2, identity: true })
    expect(statSync(file).mode & 0o077).toBe(0)
    // After the backup: a removal that must hold, and a write that only the peer still has.
    expect(await remove(b, 'b-removed')).toBe(204)
    expect(await b.post('/api/fed/projects', { slug: 'b-since' })).toBe(201)
    const now = ['a-kept', 'b-kept', 'b-since']
    await shows(a, now)
    expect(await run('restore', file, '--config', at('b.yaml'))).toMatchObject({
      code: 75,
      err: expect.stringContaining(`is in use by process ${b.pid}`),
    })
    await b.end('SIGKILL')
    rmSync(b.dataDir, { recursive: true })
    const restored = await run('restore', file, '--config', at('b.yaml'), '--json')
    expect([restored.code, restored.err]).toEqual([0, ''])
    expect(restored.json()).toMatchObject({ hub_id: 'b', identity: 'restored', replaced: null })
    b.start()
    await ready(b)
    await Promise.all([shows(a, now), shows(b, now)])
    expect((await b.status()).peer_id).toBe(peer)
    expect(b.log).toMatch(/"epoch":\[2,/)
    // One that was removed comes back where somebody asks for it, as a new write.
    expect((await run('restore', file, '--project', 'b-removed', '--url', a.http)).code).toBe(0)
    await shows(b, [...now.slice(0, 2), 'b-removed', 'b-since'])
    expect(await b.project('b-removed')).toMatchObject(removed)
    // With all other copies gone the backup is all there is, and all of it is there again, of other hubs, too.
    await Promise.all([a.end('SIGKILL'), b.end('SIGKILL')])
    rmSync(a.dataDir, { recursive: true })
    const again = await run('restore', file, '--config', at('b.yaml'), '--replace', '--json')
    expect(again.json()).toMatchObject({ identity: 'kept', replaced: expect.stringContaining('replaced-') })
    a.start()
    b.start()
    await Promise.all([shows(a, then), shows(b, then)])
  })

  it('of a hub that cannot be reached is not begun, and leaves no file', async () => {
    federation = await Federation.open()
    const file = join(federation.folder, 'none.backup')
    const { code, err } = await run('backup', file, '--url', 'http://127.0.0.1:9')
    expect([code, readdirSync(federation.folder)]).toEqual([1, []])
    expect(err).toContain('no hub answers at http://127.0.0.1:9/')
  })
})

it('is nobody else to read, whatever was left of one before', async () => {
  const text = [...archiveText({ ...sample, identity: 'secret' })].join('')
  const server = createServer((_, response) => response.end(text)).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  federation = await Federation.open()
  const file = join(federation.folder, 'b.backup')
  writeFileSync(`${file}.part`, 'left over', { mode: 0o644 })
  const { code } = await run('backup', file, '--url', `http://127.0.0.1:${port}`)
  expect([code, statSync(file).mode & 0o777, readdirSync(federation.folder)]).toEqual([0, 0o600, ['b.backup']])
})

describe('a data directory that is restored', () => {
  it('is kept from hubs while that lasts, and a catalog that was begun meanwhile stays', async () => {
    federation = await Federation.open()
    const [catalog, draft] = ['catalog', 'draft'].map((name) => join(federation?.folder ?? '', name)) as [
      string,
      string,
    ]
    const store = await openLevelStore(catalog)
    expect(await hold(catalog)).toBeUndefined()
    await store.close()
    const release = await hold(catalog)
    await expect(openLevelStore(catalog)).rejects.toThrow('is used by another process')
    await release?.()
    mkdirSync(draft)
    await expect(putInPlace(draft, catalog, undefined)).rejects.toThrow('nothing was restored')
    expect([existsSync(join(catalog, 'CURRENT')), existsSync(draft)]).toEqual([true, false])
    mkdirSync(draft)
    await putInPlace(draft, catalog, `${catalog}-aside`)
    expect(readdirSync(catalog)).toEqual([])
  })
})

describe('an archive', () => {
  const text = (change: object = {}): string => [...archiveText({ ...sample, ...change })].join('')
  const reason = (said: string): string | undefined => {
    const read = readArchive(said)
    return read.ok ? undefined : read.reason
  }

  it('is read as it was written, with the key only where it was asked for', () => {
    expect(readArchive(text())).toEqual({ ok: true, archive: { ...sample, identity: undefined } })
    expect(readArchive(text({ identity: 'secret' }))).toMatchObject({ archive: { identity: 'secret' } })
    expect(text()).not.toContain('identity')
  })

  it('that is cut, altered, of another format or no archive at all is refused', () => {
    expect(reason(text().slice(0, -10))).toContain('is not whole')
    expect(reason('{}\n')).toContain('is not whole')
    expect(reason('')).toContain('is not whole')
    expect(reason(text().replace('hubmesh"', 'hubmush"'))).toContain('its checksum is another')
    const signed = (line: string) =>
      `${line}\n${JSON.stringify({ sha256: createHash('sha256').update(`${line}\n`).digest('hex') })}\n`
    expect(reason(signed('{"hubmesh_backup":2}'))).toContain('has format 2')
    expect(reason(signed('{"hubmesh_backup":1}'))).toContain('is no backup of a hub')
    expect(missingIn({ ...sample, entries: [] })).toEqual(['b'])
    expect(missingIn(sample)).toEqual([])
  })

  it.each([
    [{ hub: 'c' }, 'the backup is of c, and this hub is b'],
    [{ federation: 'other' }, 'the backup is of the federation other'],
    [{}, 'it would bring back what was removed since'],
    [{ entries: [] }, 'lacks records of b'],
  ])('that does not fit (%o) is not restored', (change, message) => {
    const archive = readArchive(text(change))
    if (!archive.ok) throw new Error(archive.reason)
    const config = loadConfig({ env: { HUBMESH_NODE__ID: 'b' } })
    if (!config.ok) throw new Error('a mistake in the configuration')
    expect(unfitness(archive.archive, config.config)).toContain(message)
  })
})

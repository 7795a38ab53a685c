// `hubmesh doctor`, as a real process: what it says of hubs that are well, and of what is wrong.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { deaf, lost } from '../src/cli/gossipcheck.ts'
import type { Member } from '../src/hub/shapes.ts'
import { type TestHub, testHub } from './hubs.ts'
import { freePort } from './ports.ts'
import { hubmesh, killLeftovers } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-doctor-'))
const within = 30_000
vi.setConfig({ testTimeout: within, hookTimeout: within })

let hub: TestHub
let mate: TestHub
beforeAll(async () => {
  hub = await testHub({})
  const [address = ''] = hub.driver.hub.info.addresses
  mate = await testHub({ HUBMESH_NODE__ID: 'hub-b', HUBMESH_NETWORK__BOOTSTRAP: address })
  await vi.waitFor(
    () => expect(hub.driver.views.member(mate.driver.hub.info.hub, hub.driver.now())).toBeDefined(),
    within,
  )
})
afterAll(async () => {
  killLeftovers()
  await Promise.all([hub.stop(), mate.stop()])
  rmSync(directory, { recursive: true, force: true })
})

interface Told {
  readonly ok: boolean
  readonly checks: readonly {
    readonly what: string
    readonly status: string
    readonly detail: string
    readonly todo?: string
  }[]
}

function file(name: string, node: object, network: object): string {
  writeFileSync(join(directory, name), JSON.stringify({ node, network }))
  return name
}

const portOf = ({ url }: TestHub): number => Number(new URL(url).port)
const problems = ({ checks }: Told) => checks.filter(({ status }) => status === 'problem')

async function told(...args: string[]): Promise<Told & { readonly code: number | null }> {
  const { code, out, err } = await hubmesh(['doctor', '--json', ...args], { cwd: directory }).ended
  expect(err).toBe('')
  return { code, ...JSON.parse(out) }
}

describe('what the doctor thinks of gossip', () => {
  const stats = (mesh: string[], subscribers: number, bulk = 0) => ({
    topics: [{ topic: 'catalog', published: 1, received: 1, mesh, subscribers }],
    oversized: 0,
    waiting: 0,
    dropped: { control: 3, bulk },
    garbage: {},
  })
  const member = (status: 'alive' | 'dead') => ({ ...hub.driver.views.members(hub.driver.now())[0], status }) as Member

  it('is that a topic that goes to nobody is a problem where there are links', () => {
    expect(deaf(stats(['b'], 1), 1)).toEqual([])
    expect(deaf(stats([], 0), 0)).toEqual([])
    expect(deaf(stats([], 0), 2)).toMatchObject([{ what: 'topic catalog', status: 'problem' }])
    expect(deaf(stats([], 4), 4)).toMatchObject([{ detail: expect.stringContaining('none of 4 hubs') }])
  })

  it('is that what was lost before counts for nothing, and neither does what the dead were sent', () => {
    const [before, after] = [stats(['b'], 1, 5), stats(['b'], 1, 7)]
    expect(lost(after, after, { members: [member('alive')] })).toEqual([])
    expect(lost(before, after, { members: [member('dead')] })).toEqual([])
    expect(lost(before, after, { members: [member('alive')] })).toMatchObject([
      { what: 'sending (bulk)', detail: '2 messages were lost while the doctor looked' },
    ])
  })
})

describe('doctor', () => {
  it('finds nothing wrong with a hub that is well, and looks at all of it', async () => {
    const config = file('well.yaml', { id: 'hub-a', data_dir: hub.dataDir }, { http_port: portOf(hub) })
    const found = await told('--config', config)
    expect(problems(found)).toEqual([])
    expect(found).toMatchObject({ code: 0, ok: true })
    const looked = found.checks.map(({ what }) => what)
    expect(looked).toEqual(
      expect.arrayContaining([
        'data directory',
        'key',
        'lock',
        'disk',
        'health',
        'clock',
        'view',
        'members',
        'parents',
        'links',
        'gossip',
      ]),
    )
    expect(looked).toEqual(expect.arrayContaining(['way to hub-a', 'way to hub-b']))
  })

  it('names parents that nobody knows, and a directory that is not that of the hub', async () => {
    const network = { http_port: portOf(hub), parents: ['hub-gone'] }
    const { code, out } = await hubmesh(
      ['doctor', '--config', file('wrong.yaml', { id: 'hub-a', data_dir: 'none' }, network)],
      {
        cwd: directory,
      },
    ).ended
    expect(code).toBe(1)
    expect(out).toMatch(/^problem +data directory +none is not there$/m)
    expect(out).toMatch(/^problem +parent hub-gone +named in network\.parents/m)
    expect(out).toMatch(/^parent hub-gone: check the name/m)
  })

  it('says that no hub answers, and that nobody holds its directory', async () => {
    const config = file('down.yaml', { id: 'hub-a', data_dir: '.' }, { http_port: await freePort() })
    const found = await told('--config', config)
    expect(found.code).toBe(1)
    expect(problems(found).map(({ what }) => what)).toEqual(['hub', 'key'])
    expect(found.checks).toContainEqual({ what: 'lock', status: 'ok', detail: 'nobody holds it' })
  })

  it('ends with 2 where the configuration is none', async () => {
    const config = file('none.yaml', { id: 'a b' }, {})
    expect(await hubmesh(['doctor', '--config', config], { cwd: directory }).ended).toMatchObject({ code: 2, out: '' })
  })

  it('does not try the way to a hub that has left', async () => {
    const gone = mate.driver.hub.info.hub
    await mate.stop()
    await vi.waitFor(() => expect(hub.driver.views.member(gone, hub.driver.now())?.status).toBe('left'), within)
    const left = await told('--url', hub.url)
    expect(left).toMatchObject({ code: 0 })
    expect(left.checks.map(({ what }) => what)).not.toContain('way to hub-b')
  })
})

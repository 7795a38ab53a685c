// `hubmesh leave` and `hubmesh forget`, as real processes: how a hub goes in order, and is done with when it is gone.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type TestHub, testHub } from './hubs.ts'
import { hubmesh, killLeftovers, type Running } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-members-'))
const within = 30_000
vi.setConfig({ testTimeout: within, hookTimeout: within })

let hub: TestHub
beforeAll(async () => {
  hub = await testHub({})
})
afterAll(async () => {
  killLeftovers()
  await hub.stop()
  rmSync(directory, { recursive: true, force: true })
})

const run = (...args: string[]) => hubmesh(args, { cwd: directory }).ended

/** A hub of its own process that joins the one of this file. */
async function started(id: string): Promise<{ config: string; process: Running }> {
  const [address = ''] = hub.driver.hub.info.addresses
  const config = `${id}.yaml`
  const network = { http_port: 0, listen: ['127.0.0.1:0'], bootstrap: [address] }
  writeFileSync(join(directory, config), JSON.stringify({ node: { id, data_dir: id }, network }))
  const process = hubmesh(['start', '--config', config], { cwd: directory })
  await vi.waitFor(() => expect(process.out()).toContain('"msg":"hub started"'), within)
  await vi.waitFor(() => expect(statusOf(id)).toBe('alive'), within)
  return { config, process }
}

function statusOf(id: string): string | undefined {
  return hub.driver.views.members(hub.driver.now()).find((member) => member.hub_id === id)?.status
}

describe('leave', () => {
  it('ends the hub of the configuration, and the others know it as left; then it can be forgotten', async () => {
    const { config, process } = await started('hub-b')
    const { code, out } = await run('leave', '--config', config, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({ hub_id: 'hub-b', pid: process.child.pid, left: true })
    expect(await process.ended).toMatchObject({ code: 0, signal: null })
    await vi.waitFor(() => expect(statusOf('hub-b')).toBe('left'), within)

    const gone = ['forget', '--dead', '--url', hub.url]
    const tried = await run(...gone, '--dry-run')
    expect(tried).toMatchObject({ code: 0, out: 'would be forgotten: hub-b\n' })
    expect(statusOf('hub-b')).toBe('left')
    expect(await run(...gone, '--older-than', '72h')).toMatchObject({
      code: 0,
      out: 'nobody is dead or has left for that long\n',
    })
    const done = await run(...gone, '--json')
    expect({ code: done.code, told: JSON.parse(done.out) }).toEqual({
      code: 0,
      told: { forgotten: ['hub-b'], found: ['hub-b'] },
    })
    expect(statusOf('hub-b')).toBeUndefined()
  })

  it('says where no hub runs, and what to do', async () => {
    writeFileSync(join(directory, 'idle.yaml'), JSON.stringify({ node: { id: 'idle', data_dir: 'idle' } }))
    const { code, out, err } = await run('leave', '--config', 'idle.yaml')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^hubmesh: no hub runs on .*idle: pass the --config that it was started with\n$/)
  })
})

describe.concurrent('forget', () => {
  it.each([
    ['neither names nor --dead', [], 'name hubs, or pass --dead'],
    ['names and --dead', ['hub-b', '--dead'], 'name hubs, or pass --dead'],
    ['a duration that is none', ['--dead', '--older-than', 'long'], 'long is no duration'],
    ['an age for hubs that are named', ['hub-b', '--older-than', '72h'], '--older-than'],
  ])('with %s is wrong usage', async (_, args, said) => {
    const { code, out, err } = await run('forget', ...args, '--url', hub.url)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(said)
  })

  it('says why the hub refuses', async () => {
    const [unknown, alive] = await Promise.all(['nobody', 'hub-a'].map((name) => run('forget', name, '--url', hub.url)))
    expect(unknown).toMatchObject({ code: 1, out: '', err: expect.stringContaining('No hub is called nobody') })
    expect(alive).toMatchObject({ code: 1, out: '', err: expect.stringContaining('hub-a is alive') })
  })
})

// `hubmesh watch`, as a real process: it outlives the hub it watches, and ends when it is told to.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { freePorts } from './ports.ts'
import { hubmesh, killLeftovers, type Running } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-watch-'))
const within = 30_000
vi.setConfig({ testTimeout: within, hookTimeout: within })
afterAll(() => {
  killLeftovers()
  rmSync(directory, { recursive: true, force: true })
})

const run = (...args: string[]) => hubmesh(args, { cwd: directory })

interface Line {
  readonly event: string
  readonly cursor: string
  readonly op?: string
  readonly slug?: string
}

function linesOf(process: Running): Line[] {
  const lines = process.out().split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line))
}

describe('watch', () => {
  it('prints what happens, goes on with the hub that comes back, and ends with 0 on SIGINT', async () => {
    const port = await freePorts(1, 1)
    const url = `http://127.0.0.1:${port}`
    const network = { http_port: port, listen: ['127.0.0.1:0'] }
    writeFileSync(
      join(directory, 'hub.yaml'),
      JSON.stringify({ node: { id: 'hub-a' }, network, gossip: { interval: '100ms' } }),
    )
    const started = async (): Promise<Running> => {
      const hub = run('start', '--config', 'hub.yaml')
      await vi.waitFor(() => expect(hub.out()).toContain('this hub is ready'), within)
      return hub
    }
    const register = async (slug: string): Promise<void> => {
      const body = JSON.stringify({ slug })
      const headers = { 'content-type': 'application/json' }
      const { status } = await fetch(`${url}/api/fed/projects`, { method: 'POST', headers, body })
      expect(status).toBe(201)
    }
    const told = (slug: string, process: Running) => () =>
      expect(linesOf(process)).toContainEqual(expect.objectContaining({ event: 'project', op: 'put', slug }))

    const before = await started()
    await register('first')
    const watching = run('watch', '--url', url, '--json')
    await vi.waitFor(told('first', watching), within)
    before.child.kill('SIGTERM')
    await before.ended
    const after = await started()
    await register('second')
    await vi.waitFor(told('second', watching), within)
    watching.child.kill('SIGINT')
    const { code, err } = await watching.ended
    expect(code).toBe(0)
    expect(err).toContain(`trying ${url}/ again`)
    const lines = linesOf(watching)
    expect(lines.filter(({ op, slug }) => op === 'put' && slug === 'first')).toHaveLength(1)
    expect(lines.some(({ event }) => event === 'reset')).toBe(false)

    const first = lines.find(({ slug }) => slug === 'first')
    const since = ['--since', first?.cursor ?? '', '--config', 'hub.yaml']
    const refused = run('watch', '--url', url, '--since', 'nonsense').ended
    const people = run('watch', ...since)
    const time = '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z'
    await vi.waitFor(() => expect(people.out()).toMatch(/caught-up/), within)
    expect(people.out()).toMatch(new RegExp(`^${time}  project    put     second  offline$`, 'm'))
    expect(people.out()).toMatch(new RegExp(`^${time}  hub        put     hub-a  alive$`, 'm'))
    expect(people.out()).not.toMatch(/put +first/)
    people.child.kill('SIGINT')
    expect((await people.ended).code).toBe(0)
    expect(await refused).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('answers 400: This is no cursor'),
    })
    after.child.kill('SIGTERM')
    await after.ended
  })

  it('says where no hub answers, instead of waiting for one', async () => {
    const { code, out, err } = await run('watch', '--url', 'http://127.0.0.1:9').ended
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('no hub answers at http://127.0.0.1:9/')
  })
})

// The projects file while the hub runs: what changes in it, what is wrong with it, and what the hub cannot take now.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLog } from '../src/adapters/log.ts'
import { loadProjects } from '../src/config/projects.ts'
import type { HubId } from '../src/core/ids.ts'
import { keepProjectsFile } from '../src/projectsfile.ts'
import { slug } from './core/kit.ts'
import { Rig, read } from './hub/kit.ts'

const within = { timeout: 10_000, interval: 50 }
let folder: string
let path: string
let rig: Rig
let lines: Record<string, unknown>[]
let close: () => void = () => {}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubmesh-projects-'))
  path = join(folder, 'projects.yaml')
  rig = new Rig()
  lines = []
})
afterEach(() => {
  close()
  rmSync(folder, { recursive: true, force: true })
})

function write(text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

function keep(): void {
  const log = createLog({ hub: 'me' as HubId, level: 'info', write: (line) => lines.push(JSON.parse(line)) })
  const reading = () => loadProjects(path, {}, true)
  const first = reading()
  const entries = first.ok ? first.entries : undefined
  const hub = {
    call: (...[call, done]: Parameters<Parameters<typeof keepProjectsFile>[1]['call']>) => {
      const answer = rig.ask(call)
      if (answer !== undefined) done(answer)
    },
  }
  close = keepProjectsFile({ path, entries, read: reading }, hub, log)
}

const nameOf = (name: string) => {
  const project = read(rig, slug(name))
  return typeof project === 'string' ? project : project.name
}

it('is read again when it changes, and a mistake in it is told with its line and changes nothing', async () => {
  write('projects:\n  - { slug: a, name: One }\n  - { slug: b }\n')
  keep()
  expect([nameOf('a'), nameOf('b')]).toEqual(['One', 'b'])
  write('projects:\n  - slug: a\n    name: Two\n    hub_ulr: http://a\n  - slug: B_\n')
  const mistakes = () => lines.filter(({ level }) => level === 'error')
  await vi.waitFor(() => expect(mistakes()).toHaveLength(2), within)
  expect(mistakes().map(({ line, error }) => [line, error])).toEqual([
    [`${path}:4`, 'projects[0].hub_ulr is no field of a project'],
    [`${path}:5`, expect.stringContaining('projects[1].slug')],
  ])
  expect([nameOf('a'), nameOf('b')]).toEqual(['One', 'b'])
  write('projects:\n  - { slug: a, name: Two }\n')
  await vi.waitFor(() => expect([nameOf('a'), nameOf('b')]).toEqual(['Two', 'project-removed']), within)
})

it('takes nothing away when it is gone, blank, or being written', async () => {
  write('projects: [{ slug: a }]')
  keep()
  rmSync(path)
  await vi.waitFor(() => expect(lines.at(-1)?.['msg']).toContain('gone'), within)
  write('')
  await vi.waitFor(() => expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(2), within)
  expect(nameOf('a')).toBe('a')
  write('projects: []')
  await vi.waitFor(() => expect(nameOf('a')).toBe('project-removed'), within)
})

it('that comes later is read, and written when the hub can', async () => {
  keep()
  rig.diskWorks = false
  rig.ask({ type: 'register', slug: slug('x'), registration: {} })
  write('projects: [{ slug: a }]')
  await vi.waitFor(() => expect(lines.at(-1)?.['msg']).toContain('tried again'), within)
  rig.diskWorks = true
  rig.pass(2_000)
  expect(nameOf('a')).toBe('unknown-project')
  await vi.waitFor(() => expect(nameOf('a')).toBe('a'), within)
})

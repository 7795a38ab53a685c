// C10 on real processes: a relay that flips, drops, reorders or withholds records of others is caught, visibly, and the truth
// is fetched from another. A hub that verifies nothing stands beside: it believes the relay, so it is the heads that help.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { DirectoryEntry, Health, Project } from '../../src/hub/shapes.ts'
import { type TestHub, testHub } from '../hubs.ts'
import { soon } from './agreement.ts'
import { Federation, type HubProcess } from './processes.ts'
import { lieAbout, movedAuthor } from './relay.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

const authors = Object.keys(lieAbout)
/** What each author writes, one after the other. */
const slugs = ['one', 'two', 'three']
const truth = authors.flatMap((author) => slugs.map((slug) => `${author}-${slug} ${author}`)).sort()

let federation: Federation
let liar: HubProcess
let home: string
const started: TestHub[] = []

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'hubmesh-authors-'))
  federation = await Federation.open()
  liar = await federation.add({ id: 'liar', launcher: launcher('liar') })
  liar.start()
})
afterAll(async () => {
  await Promise.all(started.map((hub) => hub.stop()))
  await federation.close()
  rmSync(home, { recursive: true, force: true })
})

function launcher(role: string): string[] {
  return [process.execPath, 'test/federation/relay.ts', role]
}

async function startAuthor(id: string, bootstrap: string): Promise<TestHub> {
  const hub = await testHub({
    HUBMESH_NODE__ID: id,
    HUBMESH_NODE__REGION: 'north',
    HUBMESH_NODE__DATA_DIR: join(home, id),
    HUBMESH_NETWORK__BOOTSTRAP: bootstrap,
  })
  started.push(hub)
  return hub
}

async function write({ url }: TestHub, author: string): Promise<void> {
  for (const slug of slugs) {
    const body = JSON.stringify({ slug: `${author}-${slug}`, name: author })
    const headers = { 'content-type': 'application/json' }
    const { status } = await fetch(`${url}/api/fed/projects`, { method: 'POST', headers, body })
    expect(status).toBe(201)
  }
}

async function shown(hub: HubProcess): Promise<string[]> {
  const projects = await hub.get<Project[]>('/api/fed/projects')
  return projects.map(({ slug, name }) => `${slug} ${name}`).sort()
}

/** Who is listed by what it signed itself, and where it says it is. */
async function provisional(hub: HubProcess): Promise<string[]> {
  const entries = await hub.get<DirectoryEntry[]>('/api/directory')
  return entries.flatMap(({ hub_id, region, provisional }) => (provisional ? [`${hub_id} in ${region}`] : []))
}

it('a relay that lies about the slices of others is caught, and believed only where nothing is verified', async () => {
  await expect.poll(() => liar.isHealthy(), soon).toBe(true)
  const first = await Promise.all(authors.map((author) => startAuthor(author, liar.p2p)))
  await expect.poll(async () => Promise.all(first.map(({ url }) => isReady(url))), soon).toEqual(first.map(() => true))
  await Promise.all(first.map((hub, index) => write(hub, authors[index] ?? '')))
  await expect.poll(() => shown(liar), soon).toEqual(truth)
  await Promise.all(first.map((hub) => hub.stop()))

  const victim = await federation.add({ id: 'victim', bootstrap: [liar.p2p] })
  const believer = await federation.add({ id: 'believer', bootstrap: [liar.p2p], launcher: launcher('believer') })
  for (const hub of [victim, believer]) hub.start()
  const caught = (): string[] => authors.filter((author) => hasCaught(victim, author))
  await expect.poll(caught, soon).toEqual(authors)
  await expect.poll(() => shown(believer).catch(() => []), soon).toContainEqual(expect.stringMatching(/ another$/))
  expect(await shown(victim)).toEqual([])
  // C20: their cards come unharmed, and the one that the relay tampers with from the other hub or not at all.
  const others = authors.filter((author) => author !== movedAuthor)
  const where = others.map((author) => `${author} in north`)
  await expect.poll(() => provisional(victim), soon).toEqual(expect.arrayContaining(where))
  expect(await provisional(victim)).not.toContainEqual(expect.stringContaining('elsewhere'))
  const health = await victim.get<Health>('/health')
  expect(health.checks['sync']).toMatchObject({ status: 'warn', details: expect.stringContaining('forged') })
  const metrics = await (await fetch(`${victim.http}/metrics`)).text()
  for (const reason of ['root', 'withheld']) {
    expect(metrics).toMatch(new RegExp(`^hubmesh_slice_quarantines_total\\{reason="${reason}"\\} [1-9]`, 'm'))
  }
  expect(metrics).toMatch(/^hubmesh_messages_refused_total\{reason="forged-card"\} [1-9]/m)

  await Promise.all(authors.map((author) => startAuthor(author, victim.p2p)))
  await expect.poll(() => shown(victim), soon).toEqual(truth)
  expect(await shown(believer)).not.toEqual(truth)
  expect(await provisional(victim)).toEqual([])
})

function hasCaught(hub: HubProcess, author: string): boolean {
  return hub.log
    .split('\n')
    .some((line) => line.includes('"operation":"quarantined"') && line.includes(`"hub":"${author}"`))
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/health/ready`)).ok
}

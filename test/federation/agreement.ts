// When several real hubs are one federation: healthy, alive to each other, of one catalog.

import { expect } from 'vitest'
import type { HubProcess } from './processes.ts'

/** For `expect.poll`: generous, because machines that test may be busy. */
export const soon = { timeout: 30_000, interval: 100 }
/** For hubs that recover what they lost. */
const patient = { timeout: 60_000, interval: 100 }

/** Waits until these hubs are healthy, see each other alive and hold the same catalog. */
export async function agree(hubs: readonly HubProcess[]): Promise<void> {
  await expect.poll(() => Promise.all(hubs.map((hub) => hub.isHealthy())), soon).toEqual(hubs.map(() => true))
  const alive = hubs.map((hub) => `${hub.id} alive`).sort()
  for (const hub of hubs) await expect.poll(() => hub.beliefs(), soon).toEqual(expect.arrayContaining(alive))
  const digests = async (): Promise<number> => {
    const statuses = await Promise.all(hubs.map((hub) => hub.status()))
    return new Set(statuses.map((status) => status.view.digest)).size
  }
  await expect.poll(digests, soon).toBe(1)
}

/** Waits until the hub says that it is ready. */
export async function ready(hub: HubProcess): Promise<void> {
  await expect.poll(async () => (await hub.status()).state, patient).toBe('ready')
}

/** The projects that the hub lists. */
export async function slugs(hub: HubProcess): Promise<string[]> {
  return (await hub.get<{ slug: string }[]>('/api/fed/projects')).map(({ slug }) => slug)
}

/** Waits until the hub lists these projects. */
export async function shows(hub: HubProcess, expected: readonly string[]): Promise<void> {
  await expect.poll(() => slugs(hub), patient).toEqual(expected)
}

// The switch of compression on real hubs: one that compresses and one that does not understand each other.

import { describe, expect, it, vi } from 'vitest'
import { type TestHub, testHub } from './hubs.ts'

vi.setConfig({ testTimeout: 60_000 })
const patience = { timeout: 20_000, interval: 50 }

describe('two hubs, one of which compresses nothing', () => {
  it('hold the same: each reads what the other says', async () => {
    const off = await testHub({ HUBMESH_GOSSIP__COMPRESSION: 'false' })
    await register(off, 'from-off')
    const [address = ''] = off.driver.hub.info.addresses
    const on = await testHub({ HUBMESH_NODE__ID: 'hub-b', HUBMESH_NETWORK__BOOTSTRAP: address })
    try {
      await register(on, 'from-on')
      await vi.waitFor(() => {
        expect(slugs(off)).toHaveLength(2 * perHub)
        expect(slugs(on)).toEqual(slugs(off))
      }, patience)
      expect([await compressed(off), (await compressed(on)) > 0]).toEqual([0, true])
    } finally {
      await Promise.all([on.stop(), off.stop()])
    }
  })
})

/** A batch of so many is a message that is worth it. */
const perHub = 40

async function register(hub: TestHub, name: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const one = async (i: number): Promise<void> => {
    const body = JSON.stringify({ slug: `${name}-${i}`, name: `Project ${i} of ${name}` })
    expect((await fetch(`${hub.url}/api/fed/projects`, { method: 'POST', headers, body })).ok).toBe(true)
  }
  // A hub that has just started takes no writes yet.
  await Promise.all(Array.from({ length: perHub }, (_, i) => vi.waitFor(() => one(i), patience)))
}

function slugs(hub: TestHub): string[] {
  return hub.driver.views
    .projects(hub.driver.now(), {})
    .map(({ slug }) => slug)
    .sort()
}

/** Bytes that were compressed so far. */
async function compressed(hub: TestHub): Promise<number> {
  const text = await (await fetch(`${hub.url}/metrics`)).text()
  return Number(/^hubmesh_compressed_bytes_total\{as="packed"\} (\d+)/m.exec(text)?.[1] ?? 0)
}

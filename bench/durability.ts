// Whether an acknowledged write is ever lost: a real hub that is killed with SIGKILL again and again under write load, and a
// simulated one whose power is cut. Kills leave the system's memory alone, so they find what the hub loses; power cuts find
// what it called durable and had not synced. A disk that only says it synced must be found out, or nothing was proved.
// `--kills N` (100), `--cuts N` (1,000), `--seed N` (1).

import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Random } from '../src/core/random.ts'
import type { Project } from '../src/hub/shapes.ts'
import { Federation, type HubProcess } from '../test/federation/processes.ts'
import { Account, type Act } from './durability/account.ts'
import { cutPower, type Loss } from './durability/power.ts'
import type { Row } from './row.ts'

const callers = 16
/** How long a life lasts from its first write on. */
const lifeMs = { least: 30, most: 400 }
const progressEvery = 10

const options = {
  kills: { type: 'string', default: '100' },
  cuts: { type: 'string', default: '1000' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean' },
} as const

export async function durability(args: readonly string[]): Promise<readonly Row[]> {
  const { values } = parseArgs({ args: [...args], options })
  const [kills, cuts, seed] = [Number(values.kills), Number(values.cuts), Number(values.seed)]
  const killed = await killAgainAndAgain(kills, new Random(seed))
  const cut = cutPower({ cuts, seed, lies: false })
  const lied = cutPower({ cuts, seed, lies: true })
  return [
    row(`${kills} kill -9: lost of ${killed.acknowledged} acknowledged`, killed),
    row(`${cuts} power cuts: lost of ${cut.acknowledged} acknowledged`, cut),
    {
      what: `a disk that does not sync: lost of ${lied.acknowledged}`,
      measured: String(lied.lost.length),
      target: '> 0',
      isMet: lied.lost.length > 0,
    },
  ]
}

function row(what: string, { acknowledged, lost }: Loss): Row {
  for (const one of lost.slice(0, 10)) console.error(`lost: ${one}`)
  return { what, measured: String(lost.length), target: '0', isMet: lost.length === 0 && acknowledged > 0 }
}

async function killAgainAndAgain(kills: number, random: Random): Promise<Loss> {
  const federation = await Federation.open()
  const account = new Account(callers)
  const lost: string[] = []
  try {
    // Alone: nobody can give back what it loses.
    const hub = await federation.add({ id: 'victim' })
    for (let kill = 0; kill <= kills; kill++) {
      hub.start()
      await ready(hub)
      const found = await hub.get<Project[]>('/api/fed/projects')
      lost.push(...account.check(new Map(found.map(({ slug, name }) => [slug, name]))))
      if (kill % progressEvery === 0) console.error(`${kill} of ${kills} kills, ${account.acknowledged} writes`)
      if (kill < kills) await underLoad(hub, account, lifeMs.least + random.real() * (lifeMs.most - lifeMs.least))
    }
    return { acknowledged: account.acknowledged, lost }
  } finally {
    await federation.close()
  }
}

/** Every caller writes one after the other until the hub is killed in the middle of it. */
async function underLoad(hub: HubProcess, account: Account, forMs: number): Promise<void> {
  let isOver = false
  const working = Array.from({ length: callers }, async (_, caller) => {
    while (!isOver) {
      const act = account.next(caller)
      if (await isDone(hub, act)) account.acknowledge(caller)
      else break
    }
  })
  await wait(forMs)
  await hub.end('SIGKILL')
  isOver = true
  await Promise.all(working)
}

async function isDone(hub: HubProcess, { slug, name }: Act): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const path = `${hub.http}/api/fed/projects`
  try {
    const answer =
      name === undefined
        ? await fetch(`${path}/${slug}`, { method: 'DELETE' })
        : await fetch(path, { method: 'POST', headers, body: JSON.stringify({ slug, name }) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}

async function ready(hub: HubProcess): Promise<void> {
  const deadline = performance.now() + 180_000
  while ((await hub.status().catch(() => undefined))?.state !== 'ready') {
    if (performance.now() > deadline) throw new Error(`the hub does not start any more: ${hub.log.slice(-2_000)}`)
    await wait(5)
  }
}

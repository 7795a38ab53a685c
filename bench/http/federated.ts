// What the federation costs those who read: a hub alone, and one that gossips with three others, which beat for a hundred
// projects a second between them and at it. The peers share the core of the load.

import type { Report, Row } from '../row.ts'
import { until } from '../until.ts'
import { type Case, interleaved, loadCore, type Server } from './load.ts'
import { beat, guarded, keyHeader, onePath, onStage, projectsPath, send, slugOf } from './stage.ts'

const pace = { rounds: 7, seconds: 3 }
const peers = 3
const beatsPerSecond = 100
const targetRatio = 1.1
const patience = { withinMs: 60_000, everyMs: 200 }

export async function federated(): Promise<Report> {
  return onStage(async (stage) => {
    const alone = await stage.hub({ id: 'alone', settings: guarded }, true)
    const one = await stage.hub({ id: 'one', settings: guarded }, true)
    const launcher = ['taskset', '-c', loadCore]
    const bootstrap = [one.process.p2p]
    const others: Server[] = []
    for (let nth = 0; nth < peers; nth++) {
      others.push(await stage.hub({ id: `peer-${nth}`, settings: guarded, bootstrap, launcher }, false))
    }
    const listed = async (server: Server) =>
      (await send(server, { path: projectsPath, headers: keyHeader }).then((got) => got.json())) as unknown[]
    await until(async () => (await Promise.all(others.map(listed))).every(({ length }) => length === 1_000), patience)
    const stop = beating([one, ...others])
    try {
      const cases = [...casesOf('alone', alone), ...casesOf('one', one)]
      const found = await interleaved(cases, stage.pace)
      const rows = ['GET one project', 'GET list of 1,000'].map((what): Row => {
        const [before, after] = [found.get(`alone ${what}`), found.get(`one ${what}`)]
        const ratio = (after?.cpuMicros ?? Number.NaN) / (before?.cpuMicros ?? Number.NaN)
        const costs = `${before?.cpuMicros.toFixed(1)} → ${after?.cpuMicros.toFixed(1)} us`
        return {
          what: `${what}, CPU in a federation of ${peers + 1} with ${beatsPerSecond} beats/s over alone (${costs})`,
          measured: `${ratio.toFixed(2)}x`,
          target: `≤ ${targetRatio}x`,
          isMet: ratio <= targetRatio,
        }
      })
      return { rows, text: [] }
    } finally {
      stop()
    }
  }, pace)
}

function casesOf(name: string, server: Server): Case[] {
  return [
    { name: `${name} GET one project`, server, requests: [{ path: onePath, headers: keyHeader }] },
    { name: `${name} GET list of 1,000`, server, requests: [{ path: projectsPath, headers: keyHeader }] },
  ]
}

/** A beat after the other, at each server in turn; returns what ends that. */
function beating(servers: readonly Server[]): () => void {
  let nth = 0
  const timer = setInterval(() => {
    const server = servers[nth % servers.length]
    if (server !== undefined) send(server, beat(slugOf(nth++ % 1_000))).catch(() => undefined)
  }, 1_000 / beatsPerSecond)
  return () => clearInterval(timer)
}

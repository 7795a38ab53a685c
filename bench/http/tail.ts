// How late the slowest answers are when a core is half busy: each server at half of what it answers at most, 64 connections
// that each wait for a random time before they ask again; the hub and bare Fastify in turn.

import type { Report } from '../row.ts'
import { connectionsInAll, interleaved } from './load.ts'
import { guarded, keyHeader, onePath, onStage } from './stage.ts'

const pace = { rounds: 9, seconds: 3 }
const targetRatio = 3

export async function tail(): Promise<Report> {
  return onStage(async (stage) => {
    const hub = await stage.hub({ id: 'tail', settings: guarded }, true)
    const bare = await stage.bare({})
    const cases = [
      { name: 'bare', server: bare, requests: [{ path: '/' }] },
      { name: 'hub', server: hub, requests: [{ path: onePath, headers: keyHeader }] },
    ]
    const most = await interleaved(cases, { ...stage.pace, rounds: 3 })
    const paused = cases.map((each) => {
      const half = (most.get(each.name)?.perSecond ?? 0) / 2
      return { ...each, pauseMs: (connectionsInAll * 1_000) / half }
    })
    const found = await interleaved(paused, stage.pace)
    const of = (name: string) => found.get(name) ?? { perSecond: 0, p50Micros: Number.NaN, p99Micros: Number.NaN }
    const ratio = of('hub').p99Micros / of('bare').p99Micros
    const text = ['bare', 'hub'].map((name) => {
      const { perSecond, p50Micros, p99Micros } = of(name)
      const half = (most.get(name)?.perSecond ?? 0) / 2
      return `${name} at ${perSecond.toFixed(0)}/s, half of its most is ${half.toFixed(0)}: p50 ${p50Micros} us, p99 ${p99Micros} us`
    })
    const rows = [
      {
        what: 'GET one project at half of saturation, p99 over that of bare Fastify',
        measured: `${ratio.toFixed(2)}x`,
        target: `≤ ${targetRatio}x`,
        isMet: ratio <= targetRatio,
      },
    ]
    return { rows, text }
  }, pace)
}

// Takes members away one after the other and measures, for each survivor, how long it takes until it says that the
// member is dead; also who else was called dead meanwhile.

import { quantile } from '../membership/statistics.ts'
import { comesAbout, type Fleet, type Mate, pause, say, seconds, whole } from './mate.ts'

/** `kill`: kill -9. `stop`: frozen, and let go on afterwards. `drop`: kill -9 while its packets go nowhere: no reset. */
export type Loss = 'kill' | 'stop' | 'drop'

export interface Losses {
  /** Milliseconds, one for each victim and survivor, ascending; infinite where a survivor did not learn of it. */
  readonly delays: readonly number[]
  /** Words of death about members that lived. */
  readonly falseDeaths: number
}

/** A survivor that has not said so by then never will. */
const giveUpMs = 60_000
/** How long the fleet is left alone once everybody holds everybody alive. */
const calmMs = 10_000

export async function lose(fleet: Fleet, how: Loss, times: number): Promise<Losses> {
  const delays: number[] = []
  let falseDeaths = 0
  for (let i = 0; i < times; i++) {
    // Spread over the fleet, the first (a seed, and of a higher tier) included.
    const victim = fleet.mates[Math.floor((i * fleet.mates.length) / times)]
    if (victim === undefined) continue
    const lost = await loseOne(fleet, victim, how)
    delays.push(...lost.delays)
    falseDeaths += lost.falseDeaths
  }
  return { delays: delays.sort((a, b) => a - b), falseDeaths }
}

async function loseOne(fleet: Fleet, victim: Mate, how: Loss): Promise<Losses> {
  const survivors = fleet.mates.filter((mate) => mate !== victim)
  const heardBefore = new Map(fleet.mates.map((mate) => [mate, mate.view.deaths.length]))
  const newDeaths = (mate: Mate) => mate.view.deaths.slice(heardBefore.get(mate))
  const knowsAt = (mate: Mate) => newDeaths(mate).find((death) => death.of === victim.id)?.at
  const lostAt = await takeAway(victim, how)
  await comesAbout(() => survivors.every((mate) => knowsAt(mate) !== undefined), giveUpMs)
  const delays = survivors.map((mate) => (knowsAt(mate) ?? Number.POSITIVE_INFINITY) - lostAt).sort((a, b) => a - b)
  if (how === 'stop') victim.signal('SIGCONT')
  else await victim.start()
  await whole(fleet)
  await pause(calmMs)
  const falseDeaths = fleet.mates.flatMap(newDeaths).filter((death) => death.of !== victim.id).length
  const known = `known to all after ${seconds(delays.at(-1) ?? 0)}, to half after ${seconds(quantile(delays, 0.5))}`
  say(`${fleet.name}: ${how} of ${victim.id} ${known}${falseDeaths > 0 ? `; ${falseDeaths} false deaths` : ''}`)
  return { delays, falseDeaths }
}

/** When it happened: unix time, milliseconds. */
async function takeAway(victim: Mate, how: Loss): Promise<number> {
  const lostAt = Date.now()
  if (how === 'stop') {
    victim.signal('SIGSTOP')
    return lostAt
  }
  if (how === 'drop') victim.cut()
  await victim.kill()
  return lostAt
}

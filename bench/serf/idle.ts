// What a fleet costs that does nothing: CPU of its processes, bytes on loopback. And whether it stays calm when others
// take the processor.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type Fleet, pause, say } from './mate.ts'

export interface Idle {
  /** Share of one processor. */
  readonly cpuPercent: number
  readonly bytesPerSecond: number
}

/** Clock ticks per second in /proc: the same on every Linux that Node runs on. */
const ticksPerSecond = 100

/** Per member, on average over the fleet. */
export async function idle(fleet: Fleet, settleMs: number, measureMs: number): Promise<Idle> {
  say(
    `${fleet.name}: ${fleet.mates.length} idle, ${settleMs / 1_000} s to settle and ${measureMs / 1_000} s to measure`,
  )
  await pause(settleMs)
  const before = { at: performance.now(), ticks: ticksOf(fleet), bytes: loopbackBytes() }
  await pause(measureMs)
  const memberSeconds = ((performance.now() - before.at) / 1_000) * fleet.mates.length
  const cpuPercent = ((ticksOf(fleet) - before.ticks) / ticksPerSecond / memberSeconds) * 100
  const bytesPerSecond = (loopbackBytes() - before.bytes) / memberSeconds
  say(`${fleet.name}: ${cpuPercent.toFixed(2)} % CPU, ${bytesPerSecond.toFixed(0)} B/s each`)
  return { cpuPercent, bytesPerSecond }
}

function ticksOf(fleet: Fleet): number {
  return fleet.mates.reduce((sum, mate) => sum + (mate.pid === undefined ? 0 : ticksOfProcess(mate.pid)), 0)
}

/** User and system time of all threads: fields 14 and 15, counted behind the name, which may hold spaces. */
function ticksOfProcess(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Bytes that loopback has carried, headers included: each packet is sent and received once. */
function loopbackBytes(): number {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((each) => each.trim().startsWith('lo:'))
  return Number(line?.split(':')[1]?.trim().split(/\s+/)[0] ?? Number.NaN)
}

/** Deaths that a fleet calls while busy loops of normal priority want all of the processor; all members live. */
export async function falseDeathsBesideHogs(fleet: Fleet, hogs: number, forMs: number): Promise<number> {
  const before = deathsIn(fleet)
  say(`${fleet.name}: ${hogs} CPU hogs for ${forMs / 1_000} s`)
  const running: ChildProcess[] = []
  // Each ends by itself, should this process not live to end it.
  const loop = `const end = Date.now() + ${forMs}; while (Date.now() < end);`
  try {
    for (let i = 0; i < hogs; i++) running.push(spawn(process.execPath, ['-e', loop], { stdio: 'ignore' }))
    await pause(forMs)
  } finally {
    for (const hog of running) hog.kill('SIGKILL')
  }
  // What was suspected meanwhile is still judged.
  await pause(10_000)
  const deaths = deathsIn(fleet) - before
  say(`${fleet.name}: ${deaths} false deaths beside the hogs`)
  return deaths
}

function deathsIn(fleet: Fleet): number {
  return fleet.mates.reduce((sum, mate) => sum + mate.view.deaths.length, 0)
}

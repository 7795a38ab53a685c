// Load over HTTP: wrk (Debian's package) on one core, the server on the other. Of each run: answers a second, and what CPU the
// server's process spent on each, from /proc, in user and kernel together.

import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { median } from '../membership/statistics.ts'

/** Who is asked, pinned to a core, and who asks, on another. */
export const serverCore = '0'
export const loadCore = '1'
/** Runs a command on the server's core. */
export const pinned = ['taskset', '-c', serverCore] as const

const install = ['apt-get', 'install', '-qy', '--no-install-recommends'] as const
/** Of the clock that /proc counts in: USER_HZ, which is 100 on every Linux. */
const tickMicros = 10_000
export const connectionsInAll = 64
const warmSeconds = 2
/** A server rests when it is busy for less than a tenth of this. */
const restMs = 200
const patienceMs = 60_000

/** Installs the packages when this shell command fails and this user may; throws with how otherwise. */
export function provide(probe: string, packages: readonly string[]): void {
  if (succeeds(probe)) return
  const line = [...install, ...packages]
  if (process.getuid?.() !== 0) throw new Error(`${probe} fails: run \`${line.join(' ')}\` as root first`)
  process.stderr.write(`${probe} fails: ${line.join(' ')}\n`)
  const [apt, ...args] = line
  execFileSync(apt ?? '', args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

function succeeds(command: string): boolean {
  try {
    execFileSync('sh', ['-c', command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface Server {
  /** `http://127.0.0.1:8080` */
  readonly url: string
  /** Whose CPU counts. */
  readonly pids: readonly number[]
}

export interface Request {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** One kind of requests to one server; several are sent in turn. */
export interface Case {
  readonly name: string
  readonly server: Server
  readonly requests: readonly Request[]
}

export interface Found {
  readonly perSecond: number
  /** Of the server, per answer. */
  readonly cpuMicros: number
  readonly p50Micros: number
  readonly p99Micros: number
}

export interface Pace {
  readonly rounds: number
  readonly seconds: number
  /** Where files with requests go. */
  readonly folder: string
  /** Left out: 64. */
  readonly connections?: number
}

/** Each case once a round, round after round; medians of the rounds, by the case's name. */
export async function interleaved(
  cases: readonly (Case & { readonly pauseMs?: number })[],
  { rounds, seconds, ...pace }: Pace,
): Promise<Map<string, Found>> {
  const runs = new Map<string, Found[]>()
  for (let round = -1; round < rounds; round++) {
    for (const each of cases) {
      const found = await oneRun(each, { ...pace, seconds: round < 0 ? warmSeconds : seconds })
      if (round >= 0) runs.set(each.name, [...(runs.get(each.name) ?? []), found])
    }
  }
  return new Map([...runs].map(([name, found]) => [name, mediansOf(found)]))
}

function mediansOf(found: readonly Found[]): Found {
  const of = (key: keyof Found): number => median(found.map((each) => each[key]))
  return {
    perSecond: of('perSecond'),
    cpuMicros: of('cpuMicros'),
    p50Micros: of('p50Micros'),
    p99Micros: of('p99Micros'),
  }
}

const run = promisify(execFile)

async function oneRun(
  { name, server, requests, pauseMs = 0 }: Case & { readonly pauseMs?: number },
  { seconds, folder, connections = connectionsInAll }: Omit<Pace, 'rounds'>,
): Promise<Found> {
  const file = join(folder, 'requests')
  await writeFile(file, requests.map((request) => framed(request, server)).join(''))
  const script = join(import.meta.dirname, 'load.lua')
  const wrk = [
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '30s',
    '-s',
    script,
    server.url,
    '--',
    file,
    String(pauseMs),
  ]
  await rests(server)
  const before = cpuMicrosOf(server)
  const { stdout } = await run('taskset', ['-c', loadCore, ...wrk])
  const spent = cpuMicrosOf(server) - before
  const told = JSON.parse(/^\{.*\}$/m.exec(stdout)?.[0] ?? '{}') as Record<string, number>
  const { requests: answered = 0, micros = 0, failed = 0, p50 = 0, p99 = 0 } = told
  if (failed > 0 || answered === 0) throw new Error(`${name}: ${failed} of ${answered} requests failed`)
  return { perSecond: (answered * 1e6) / micros, cpuMicros: spent / answered, p50Micros: p50, p99Micros: p99 }
}

/** What was asked before and not waited for is done: a slow server has seconds of it. */
async function rests(server: Server): Promise<void> {
  for (let left = patienceMs / restMs; left > 0; left--) {
    const before = cpuMicrosOf(server)
    await wait(restMs)
    if (cpuMicrosOf(server) - before <= restMs * 100) return
  }
  throw new Error(`${server.url} is busy though nobody asks it`)
}

function framed({ method = 'GET', path, headers = {}, body = '' }: Request, { url }: Server): string {
  const typed = method === 'GET' ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]
  const said = Object.entries(headers).map(([key, value]) => `${key}: ${value}`)
  const head = [`${method} ${path} HTTP/1.1`, `host: ${new URL(url).host}`, ...said, ...typed]
  const text = `${head.join('\r\n')}\r\n\r\n${body}`
  return `${Buffer.byteLength(text)}\n${text}`
}

export function cpuMicrosOf({ pids }: Server): number {
  return pids.reduce((sum, pid) => {
    // Behind the name, which may hold anything: state is field 3, utime and stime are 14 and 15.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return sum + (Number(fields[11]) + Number(fields[12])) * tickMicros
  }, 0)
}

// How long `scripts/run` takes, on an installed checkout, until its three hubs are healthy and their projects online.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './membership/statistics.ts'
import type { Row } from './row.ts'

const rounds = 5
const targetMs = 10_000
const root = join(import.meta.dirname, '..')

export async function startup(): Promise<readonly Row[]> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) times.push(await oneStart())
  const row = (what: string, ms: number): Row => {
    return { what, measured: `${(ms / 1_000).toFixed(1)} s`, target: `≤ ${targetMs / 1_000} s`, isMet: ms <= targetMs }
  }
  const slowest = Math.max(...times)
  return [
    row(`scripts/run until all are online, median of ${rounds}`, median(times)),
    row('the slowest of them', slowest),
  ]
}

/** Milliseconds from the command to its line that all is well; with data of its own, thrown away afterwards. */
async function oneStart(): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), 'hubmesh-startup-'))
  const startedAt = performance.now()
  const env = { ...process.env, HUBMESH_RUN_DATA: data, HUBMESH_RUN_PORT: '18080' }
  const child = spawn('scripts/run', { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await new Promise<void>((resolve, reject) => {
      let said = ''
      child.stdout.on('data', (chunk) => {
        said += chunk
        if (said.includes('all projects online')) resolve()
      })
      child.once('exit', (code) => reject(new Error(`scripts/run ended with ${code}: ${said}`)))
    })
    return performance.now() - startedAt
  } finally {
    child.removeAllListeners('exit')
    const ended = child.exitCode === null ? once(child, 'exit') : Promise.resolve()
    child.kill('SIGINT')
    await ended
    await rm(data, { recursive: true, force: true })
  }
}

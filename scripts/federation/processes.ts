// The processes of a run. Each writes its own log, and each ends when this process does, however that ends: the channel to
// it closes, and it stops in order.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Started {
  readonly name: string
  readonly process: ChildProcess
  readonly logFile: string
}

/** An orderly end takes two gossip beats of the slowest hub; this is far beyond. */
const patienceMs = 20_000

export interface Program {
  readonly name: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
}

/** Runs a script of this repository with this Node. */
export function startProgram({ name, args, env, logFile }: Program): Started {
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'w')
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', log, log, 'ipc'] })
  closeSync(log)
  return { name, process: child, logFile }
}

export function hasEnded({ process: child }: Started): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Asks all to end and waits until they have; what does not end is killed. */
export async function endAll(started: readonly Started[]): Promise<void> {
  const running = started.filter((one) => !hasEnded(one))
  const ends = running.map(({ process: child }) => new Promise((resolve) => child.once('exit', resolve)))
  for (const { process: child } of running) child.kill('SIGTERM')
  const late = setTimeout(() => killAll(running), patienceMs)
  await Promise.all(ends)
  clearTimeout(late)
}

export function killAll(started: readonly Started[]): void {
  for (const one of started) if (!hasEnded(one)) one.process.kill('SIGKILL')
}

/** The last error that the process logged, or its last words. */
export function lastWords({ logFile }: Started): string {
  const lines = readFileSync(logFile, 'utf8').trim().split('\n')
  const errors = lines.flatMap((line) => errorIn(line) ?? [])
  return errors.at(-1) ?? lines.slice(-5).join('\n')
}

function errorIn(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'error' in value ? String(value.error) : undefined
  } catch {
    return undefined
  }
}

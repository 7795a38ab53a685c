// Real processes for tests: started, listened to, and ended by their id.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  readonly out: () => string
  readonly err: () => string
  readonly ended: Promise<Ended>
}

export interface Launch {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Every process that a test file started and that still runs. */
const running = new Set<ChildProcess>()

/** Runs a program without any setting of this surroundings. */
export function launch(program: string, args: readonly string[], { env = {}, cwd = root }: Launch = {}): Running {
  const kept = Object.entries(process.env).filter(([name]) => !/^(HUBMESH|MPREG|FEDERATION|VITEST|NODE)_/.test(name))
  const child = spawn(program, args, { cwd, env: { ...Object.fromEntries(kept), ...env } })
  running.add(child)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal, out, err })
    })
  })
  return { child, out: () => out, err: () => err, ended }
}

/** The command line of this checkout, on the Node that runs the tests. */
export function hubmesh(args: readonly string[], options: Launch = {}): Running {
  return launch(process.execPath, [join(root, 'bin/hubmesh.mjs'), ...args], options)
}

/** For `skipIf`: this machine cannot run what the test needs. Where everything is to be proved that is a failure. */
export function mayLeaveOut(program: string, ...args: readonly string[]): boolean {
  return process.env['CI'] === undefined && spawnSync(program, args).status !== 0
}

/** For `afterAll`: nothing that a test started outlives it. */
export function killLeftovers(): void {
  for (const child of running) child.kill('SIGKILL')
}

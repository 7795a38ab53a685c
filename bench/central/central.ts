// Runs the central design on this machine, of Debian's packages: the service on the server's core, its PostgreSQL (a cluster of
// its own in a temporary directory, durable as it comes) and NATS server wherever there is room. All of it goes with `close`.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../test/ports.ts'
import { pinned, provide, type Server } from '../http/load.ts'
import { until } from '../until.ts'

const packages = ['python3-fastapi', 'python3-uvicorn', 'python3-asyncpg', 'python3-uvloop', 'python3-httptools']
/** Debian's, which has Debian's packages. */
const python = '/usr/bin/python3'
const postgresBin = '/usr/lib/postgresql'
const patience = { withinMs: 60_000, everyMs: 100 }

export interface Central extends Server {
  close(): Promise<void>
}

export async function startCentral(): Promise<Central> {
  provide(`${python} -c "import fastapi, uvicorn, asyncpg, uvloop, httptools"`, packages)
  provide('command -v nats-server', ['nats-server'])
  provide(`ls ${postgresBin}`, ['postgresql'])
  const children: ChildProcess[] = []
  const folder = await mkdtemp(join(tmpdir(), 'hubmesh-central-'))
  const close = async (): Promise<void> => {
    for (const child of children.reverse()) await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const ports = { http: await freePort(), postgres: await freePort(), nats: await freePort() }
    children.push(startPostgres(folder, ports.postgres))
    children.push(spawn('nats-server', ['-a', '127.0.0.1', '-p', String(ports.nats)], { stdio: 'ignore' }))
    const ready = ['-h', '127.0.0.1', '-p', String(ports.postgres)]
    await until(async () => execFileSync('pg_isready', ready, { stdio: 'ignore' }) !== undefined, patience)
    const service = startService(ports)
    children.push(service)
    const url = `http://127.0.0.1:${ports.http}`
    await until(async () => (await fetch(`${url}/api/fed/projects`)).ok, patience)
    return { url, pids: [service.pid ?? 0], close }
  } catch (error) {
    await close()
    throw error
  }
}

/** PostgreSQL does not run as root: then it runs as `postgres`. */
function startPostgres(folder: string, port: number): ChildProcess {
  const who = userInfo().uid === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  if (who.uid !== undefined) chownSync(folder, who.uid, who.gid)
  const bin = join(
    postgresBin,
    execFileSync('ls', [postgresBin], { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '',
    'bin',
  )
  const data = join(folder, 'data')
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8']
  execFileSync(join(bin, 'initdb'), initdb, { ...who, cwd: folder, stdio: 'ignore' })
  const listen = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder]
  return spawn(join(bin, 'postgres'), listen, { ...who, cwd: folder, stdio: 'ignore' })
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
}

function startService(ports: {
  readonly http: number
  readonly postgres: number
  readonly nats: number
}): ChildProcess {
  const env = {
    ...process.env,
    DATABASE_URL: `postgresql://postgres@127.0.0.1:${ports.postgres}/postgres`,
    NATS_URL: `nats://127.0.0.1:${ports.nats}`,
  }
  const options = [
    '--workers',
    '1',
    '--no-access-log',
    '--loop',
    'uvloop',
    '--http',
    'httptools',
    '--log-level',
    'warning',
  ]
  const uvicorn = [
    python,
    '-m',
    'uvicorn',
    'service:app',
    '--app-dir',
    import.meta.dirname,
    '--port',
    String(ports.http),
    ...options,
  ]
  const [command, ...args] = [...pinned, ...uvicorn]
  return spawn(command ?? '', args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** SIGINT, at which PostgreSQL ends its sessions and goes. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGINT')
  await ended
}

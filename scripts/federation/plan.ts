// Which hubs are started, where they listen and keep their data, and what is in the way of that.

import { createServer } from 'node:net'
import { join } from 'node:path'
import { holderOf } from '../../src/adapters/lock.ts'
import { parseAddress } from '../../src/config/addresses.ts'
import { loadConfig } from '../../src/config/load.ts'
import { describeMistakes } from '../../src/config/mistake.ts'
import { loadProjects } from '../../src/config/projects.ts'

export interface PlannedHub {
  readonly id: string
  readonly configFile: string
  readonly dataDir: string
  readonly httpPort: number
  readonly peerPort: number
  readonly url: string
  /** Environment of the process. */
  readonly env: Readonly<Record<string, string>>
  readonly projectsFile: string
  /** The port that the configuration file names, whatever HUBMESH_RUN_PORT says. */
  readonly usualPort: number
}

export interface Plan {
  readonly hubs: readonly PlannedHub[]
  /** Project → URL of the hub that its heartbeats go to. */
  readonly homes: ReadonlyMap<string, string>
}

const three = ['hub-global', 'hub-regional', 'hub-local']
const portsApart = 100

/**
 * The plan as config/ has it. HUBMESH_RUN_PORT moves the ports: the first hub's HTTP port, the next hubs' 100 and 200 above,
 * peers one above each. HUBMESH_RUN_DATA moves the data. Throws when a file has mistakes.
 */
export function makePlan(isSingle: boolean): Plan {
  const names = isSingle ? ['hub-single'] : three
  const env = ownEnvironment()
  const base = process.env['HUBMESH_RUN_PORT']
  const hubs = names.map((name, index) => plan(name, { ...env, ...moved({ name, index, base }) }, env))
  const projects = hubs.flatMap(({ projectsFile }) => projectsIn(projectsFile, env))
  const homes = projects.map(({ slug, hub_url }) => {
    const port = Number(new URL(hub_url ?? 'http://none').port)
    return [slug, (hubs.find((hub) => hub.usualPort === port) ?? hubs.at(-1))?.url ?? ''] as const
  })
  return { hubs, homes: new Map(homes) }
}

/** What keeps the plan from being carried out; none when nothing does. */
export async function obstacles({ hubs }: Plan): Promise<string[]> {
  const found: string[] = []
  for (const { id, dataDir, httpPort, peerPort } of hubs) {
    const holder = await holderOf(dataDir)
    if (holder !== undefined) found.push(`the data directory ${dataDir} of ${id} is in use by process ${holder}`)
    if (!(await isFree(httpPort))) found.push(`port ${httpPort} (HTTP of ${id}) is in use`)
    if (!(await isFree(peerPort))) found.push(`port ${peerPort} (peers of ${id}) is in use`)
  }
  return found
}

/** The surroundings without settings: one HUBMESH_NODE__ID must not name all hubs. */
function ownEnvironment(): Record<string, string> {
  const foreign = Object.entries(process.env).filter(([name]) => !/^(HUBMESH|MPREG)_/.test(name))
  return Object.fromEntries(foreign.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

interface Move {
  readonly name: string
  readonly index: number
  readonly base: string | undefined
}

function moved({ name, index, base }: Move): Record<string, string> {
  const data = process.env['HUBMESH_RUN_DATA']
  const port = Number(base) + index * portsApart
  const above = Array.from({ length: index }, (_, i) => `127.0.0.1:${Number(base) + i * portsApart + 1}`)
  return {
    ...(data === undefined ? {} : { HUBMESH_NODE__DATA_DIR: join(data, name) }),
    ...(base === undefined
      ? {}
      : {
          HUBMESH_NETWORK__HTTP_PORT: String(port),
          HUBMESH_NETWORK__LISTEN: `127.0.0.1:${port + 1}`,
          HUBMESH_NETWORK__BOOTSTRAP: above.reverse().join(','),
        }),
  }
}

function plan(name: string, env: Record<string, string>, usual: Record<string, string>): PlannedHub {
  const configFile = join('config', `${name}.yaml`)
  const loaded = loadConfig({ file: configFile, env })
  const asWritten = loadConfig({ file: configFile, env: usual })
  if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes))
  if (!asWritten.ok) throw new Error(describeMistakes(asWritten.mistakes))
  const { node, network, catalog } = loaded.config
  return {
    id: node.id,
    configFile,
    dataDir: node.data_dir,
    httpPort: network.http_port,
    peerPort: parseAddress(network.listen[0] ?? '')?.port ?? 0,
    url: `http://127.0.0.1:${network.http_port}`,
    env,
    projectsFile: catalog.projects_file,
    usualPort: asWritten.config.network.http_port,
  }
}

function projectsIn(file: string, env: Record<string, string>) {
  const loaded = loadProjects(file, env, false)
  if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes))
  return loaded.entries ?? []
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

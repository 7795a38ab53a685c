// Real hubs for tests: the composition of the product, on free loopback ports, in a directory of its own.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../src/adapters/log.ts'
import { loadConfig } from '../src/config/load.ts'
import { describeMistakes } from '../src/config/mistake.ts'
import { type HubOptions, type RunningHub, startHub } from '../src/hubmesh.ts'

export interface TestHub extends RunningHub {
  readonly dataDir: string
  /** Its log lines so far. */
  readonly lines: readonly Record<string, unknown>[]
}

type Parts = Pick<HubOptions, 'clock' | 'adapt'>

/** A hub with these variables on top of free ports, its clock and adapters the product's or another's; it stops, and its data goes, with the first `stop`. */
export async function testHub(env: Readonly<Record<string, string>>, parts: Parts = {}): Promise<TestHub> {
  const dataDir = mkdtempSync(join(tmpdir(), 'hubmesh-hub-'))
  const loaded = loadConfig({
    env: {
      HUBMESH_NODE__ID: 'hub-a',
      HUBMESH_NODE__DATA_DIR: dataDir,
      HUBMESH_NETWORK__HTTP_PORT: '0',
      HUBMESH_NETWORK__LISTEN: '127.0.0.1:0',
      HUBMESH_GOSSIP__INTERVAL: '100ms',
      HUBMESH_MONITORING__LOG_LEVEL: 'debug',
      ...env,
    },
  })
  if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes))
  const lines: Record<string, unknown>[] = []
  const { id } = loaded.config.node
  const write = (line: string) => lines.push(JSON.parse(line))
  const log = createLog({ hub: id, level: loaded.config.monitoring.log_level, write })
  const hub = await startHub({ config: loaded.config, log, ...parts })
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= hub.stop().finally(() => rmSync(dataDir, { recursive: true, force: true }))
    return stopped
  }
  return { ...hub, stop, dataDir, lines }
}

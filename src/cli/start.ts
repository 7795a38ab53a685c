// `hubmesh start`: runs a hub until a signal ends it. Once the configuration is accepted, all it prints is log lines.

import { setFlagsFromString } from 'node:v8'
import { Command } from 'commander'
import type { Log } from '../adapters/log.ts'
import { readOwnProject } from '../config/ownproject.ts'
import { loadProjects } from '../config/projects.ts'
import type { Config } from '../config/schema.ts'
import type { Millis } from '../core/time.ts'
import type { RunningHub } from '../hubmesh.ts'
import { type ExitCode, exit } from './exit.ts'
import { configured, invalid, type Options, withConfig } from './sources.ts'

/**
 * A second signal ends the process at once, but not one this soon after the first: a terminal signals the whole group,
 * and npm or the launcher pass the same one on.
 */
const oneSignalMs: Millis = 500

export function startCommand(): Command {
  return withConfig(new Command('start').description('run a hub'))
    .option('--node-id <id>', "this hub's name")
    .option('--hub-tier <tier>', 'global, regional or local')
    .option('--parent-hub <id...>', 'hub preferred as parent; may be given several times')
    .option('--log-level <level>', 'debug, info, warn or error')
    .option('--metrics-enabled [boolean]', 'whether /metrics answers')
    .action(start)
}

async function start(options: Options): Promise<void> {
  const { config, origins, notes } = configured(options, true)
  const isDefault = !origins.has('catalog.projects_file')
  const path = config.catalog.projects_file
  const read = () => loadProjects(path, process.env, isDefault)
  const projects = read()
  if (!projects.ok) throw invalid(projects.mistakes)
  const own = readOwnProject(process.env)
  if (own.mistakes.length > 0) throw invalid(own.mistakes)
  keepYoungSmall()
  // Not before they are needed: libp2p and Fastify take half a second that no other command has to pay.
  const { createLog } = await import('../adapters/log.ts')
  const { DataDirectoryLocked, startHub } = await import('../hubmesh.ts')
  const log = createLog({ hub: config.node.id, level: config.monitoring.log_level })
  for (const { name, message } of [...notes, ...own.notes]) {
    log.warn({ operation: 'config', name, reason: message }, 'a name of an older installation has no effect')
  }
  process.on('uncaughtException', (error) => {
    log.fatal({ error: error.stack ?? error.message }, 'the hub met a defect and ends')
    process.exit(exit.failed)
  })
  const ended = endings(log, config)
  try {
    const file = path === '' ? {} : { projects: { path, entries: projects.entries, read } }
    ended.stops(await startHub({ config, log, ...file, ownProject: own.project, onConflict: ended.fails }))
  } catch (error) {
    log.error({ error: error instanceof Error ? error.message : String(error) }, 'the hub did not start')
    process.exit(error instanceof DataDirectoryLocked ? exit.temporary : exit.failed)
  }
}

/**
 * What a hub reads from its store stays, and V8 takes so much that stays for a reason to let its young generation grow to 96 MB,
 * for ever. As large as it is by now it does as well.
 */
function keepYoungSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** Signals end the hub in order; one that comes while it still starts ends it as soon as it has. */
function endings(log: Log, config: Config) {
  let signalledAt: number | undefined
  let running: RunningHub | undefined
  let code: ExitCode = exit.fine
  const finish = (): void => {
    running?.stop().then(
      () => {
        log.info({}, 'hub stopped')
        process.exit(code)
      },
      (error: unknown) => {
        log.error({ error: String(error) }, 'the hub did not stop in order')
        process.exit(exit.failed)
      },
    )
  }
  const end = (signal: string): void => {
    const now = performance.now()
    if (signalledAt !== undefined) {
      if (now - signalledAt >= oneSignalMs) process.exit(exit.failed)
      return
    }
    signalledAt = now
    log.info({ signal }, 'stopping')
    setTimeout(() => {
      log.error({ shutdown_timeout_ms: config.node.shutdown_timeout }, 'the hub did not stop in time')
      process.exit(exit.failed)
    }, config.node.shutdown_timeout)
    finish()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(signal))
  // Started by the launcher: it is gone, however it died.
  if (process.connected) process.on('disconnect', () => end('disconnect'))
  return {
    /** The hub cannot go on: it ends in order, and the process says that it failed. */
    fails(): void {
      code = exit.failed
      end('conflict')
    },
    stops(hub: RunningHub): void {
      running = hub
      if (signalledAt !== undefined) finish()
    },
  }
}

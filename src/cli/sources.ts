// From flags to a configuration. A configuration with mistakes ends every command in the same way.

import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { describeMistakes, type Mistake, type Note } from '../config/mistake.ts'
import type { Config } from '../config/schema.ts'
import type { Given } from '../config/sources.ts'
import { CommandFailed, exit } from './exit.ts'

/** Flag (as commander names it) → setting. */
const flagged: Readonly<Record<string, readonly [path: string, flag: string]>> = {
  nodeId: ['node.id', '--node-id'],
  region: ['node.region', '--region'],
  hubTier: ['node.hub_tier', '--hub-tier'],
  dataDir: ['node.data_dir', '--data-dir'],
  parentHub: ['network.parents', '--parent-hub'],
  httpPort: ['network.http_port', '--http-port'],
  listen: ['network.listen', '--listen'],
  bootstrap: ['network.bootstrap', '--bootstrap'],
  logLevel: ['monitoring.log_level', '--log-level'],
  metricsEnabled: ['monitoring.metrics_enabled', '--metrics-enabled'],
}

export interface Configured {
  readonly config: Config
  readonly origins: ReadonlyMap<string, string>
  readonly notes: readonly Note[]
}

export interface Options {
  readonly config?: string
  readonly [flag: string]: unknown
}

export function withConfig(command: Command): Command {
  return command.option('--config <file>', 'configuration file (YAML); otherwise HUBMESH_CONFIG names one')
}

/** What the flags say about settings. */
export function givenFlags(options: Options): Record<string, Given> {
  return Object.fromEntries(
    Object.entries(flagged).flatMap(([name, [path, flag]]) =>
      options[name] === undefined ? [] : [[path, { raw: options[name], from: flag }]],
    ),
  )
}

/** Throws `CommandFailed` (2) that tells all mistakes. `isNameNeeded`: only a hub that starts needs a name. */
export function configured(options: Options, isNameNeeded: boolean): Configured {
  const fallbacks = isNameNeeded ? {} : { 'node.id': { raw: 'unnamed', from: 'nobody' } }
  const loaded = loadConfig({ file: options.config, env: process.env, flags: givenFlags(options), fallbacks })
  if (!loaded.ok) throw invalid(loaded.mistakes)
  return loaded
}

export function invalid(mistakes: readonly Mistake[]): CommandFailed {
  return new CommandFailed(exit.invalid, describeMistakes(mistakes))
}

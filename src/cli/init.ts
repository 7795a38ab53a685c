// `hubmesh init`: a commented configuration file to start from. On a terminal it asks for what no flag says.

import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { commentedYaml, showConfig } from '../config/show.ts'
import type { Given } from '../config/sources.ts'
import { CommandFailed, exit } from './exit.ts'
import { givenFlags, invalid, type Options } from './sources.ts'

interface Question {
  readonly path: string
  readonly flag: string
  readonly text: string
  readonly proposal: string
}

const questions: readonly Question[] = [
  { path: 'node.id', flag: '--node-id', text: "This hub's name", proposal: hostname().split('.')[0] ?? '' },
  { path: 'node.region', flag: '--region', text: 'Its region', proposal: 'default' },
  { path: 'node.hub_tier', flag: '--hub-tier', text: 'Its tier (global, regional, local)', proposal: 'local' },
  { path: 'network.bootstrap', flag: '--bootstrap', text: 'Hubs to join (host:port, ...)', proposal: '' },
]

export function initCommand(): Command {
  return new Command('init')
    .description('write a commented configuration file')
    .argument('[file]', 'where to', 'hubmesh.yaml')
    .option('--node-id <id>', "this hub's name")
    .option('--region <name>', 'its region')
    .option('--hub-tier <tier>', 'global, regional or local')
    .option('--http-port <port>', 'port of the HTTP API')
    .option('--listen <addresses>', 'where hubs connect to, comma-separated host:port')
    .option('--bootstrap <addresses>', 'hubs to join, comma-separated host:port')
    .option('--data-dir <directory>', 'where the key and the catalog are kept')
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print JSON')
    .action(init)
}

async function init(file: string, options: Options & { readonly force?: boolean; readonly json?: boolean }) {
  if (existsSync(file) && !options.force) {
    throw new CommandFailed(exit.failed, `${file} exists already: choose another name, or pass --force to replace it`)
  }
  const flags = { ...givenFlags(options) }
  if (process.stdin.isTTY && process.stdout.isTTY) Object.assign(flags, await answers(flags))
  const loaded = loadConfig({ env: {}, flags })
  if (!loaded.ok) throw invalid(loaded.mistakes)
  const text = commentedYaml(chosen(loaded.config, flags), loaded.config.node.hub_tier)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: options.force ? 'w' : 'wx' })
  } catch (error) {
    throw new CommandFailed(exit.failed, `${file} cannot be written: ${error instanceof Error ? error.message : error}`)
  }
  console.log(options.json ? JSON.stringify({ file }) : `wrote ${file}; start with: hubmesh start --config ${file}`)
}

/** Only what was said stands in the file; the rest stays a comment, so that defaults may change with versions. */
function chosen(config: Config, flags: Readonly<Record<string, Given>>): Record<string, unknown> {
  const shown = showConfig(config, new Map()).filter(({ path }) => path in flags)
  return Object.fromEntries(shown.map(({ path, value }) => [path, value]))
}

async function answers(flags: Readonly<Record<string, Given>>): Promise<Record<string, Given>> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const given: Record<string, Given> = {}
  try {
    for (const { path, flag, text, proposal } of questions) {
      if (path in flags) continue
      const said = (await terminal.question(`${text}${proposal === '' ? '' : ` [${proposal}]`}: `)).trim() || proposal
      if (said !== '') given[path] = { raw: said, from: flag }
    }
  } finally {
    terminal.close()
  }
  return given
}

// `hubmesh config`: what a hub would be told, without starting it.

import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import type { Mistake } from '../config/mistake.ts'
import { loadProjects } from '../config/projects.ts'
import { showConfig, showYaml } from '../config/show.ts'
import { exit } from './exit.ts'
import { lintCommand } from './lint.ts'
import { migrateCommand } from './migrate.ts'
import { configured, invalid, type Options, withConfig } from './sources.ts'

type ConfigOptions = Options & { readonly json?: boolean }

export function configCommand(): Command {
  const validate = new Command('validate').description('check the configuration and its projects file')
  const show = new Command('show').description('every setting with its value and who set it')
  return new Command('config')
    .description('the configuration')
    .addCommand(withConfig(validate).option('--json', 'print JSON').action(validateConfig))
    .addCommand(withConfig(show).option('--json', 'print JSON').action(showAll))
    .addCommand(lintCommand())
    .addCommand(migrateCommand())
}

async function validateConfig(options: ConfigOptions): Promise<void> {
  const mistakes = mistakesIn(options)
  if (options.json) console.log(JSON.stringify({ valid: mistakes.length === 0, mistakes }, null, 2))
  else if (mistakes.length === 0) console.log('the configuration is valid')
  else throw invalid(mistakes)
  if (mistakes.length > 0) process.exitCode = exit.invalid
}

function mistakesIn(options: ConfigOptions): readonly Mistake[] {
  const loaded = loadConfig({ file: options.config, env: process.env })
  if (!loaded.ok) return loaded.mistakes
  const isDefault = !loaded.origins.has('catalog.projects_file')
  const projects = loadProjects(loaded.config.catalog.projects_file, process.env, isDefault)
  return projects.ok ? [] : projects.mistakes
}

async function showAll(options: ConfigOptions): Promise<void> {
  const { config, origins } = configured(options, true)
  const shown = showConfig(config, origins)
  console.log(options.json ? JSON.stringify(shown, null, 2) : showYaml(shown).trimEnd())
}

// `hubmesh config migrate`: an old configuration as a file of today.

import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { describeChange, migrate } from '../config/migrate.ts'
import { CommandFailed, exit } from './exit.ts'

interface MigrateOptions {
  readonly out?: string
  readonly force?: boolean
  readonly json?: boolean
}

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('an old configuration (YAML, .env or compose file) as a commented file of today, on standard output')
    .argument('<file>', 'the old one')
    .option('--out <file>', 'write it there instead, and print what changed')
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print JSON')
    .action(run)
}

async function run(file: string, { out, force, json }: MigrateOptions): Promise<void> {
  const migrated = migrate(file)
  if (!migrated.ok) throw new CommandFailed(exit.failed, `${file} ${migrated.reason}`)
  const { text, changes } = migrated
  if (out !== undefined) {
    await writeFile(out, text, { flag: force === true ? 'w' : 'wx' }).catch((error: Error) => {
      throw new CommandFailed(
        exit.failed,
        `${out} cannot be written (${error.message}): choose another, or pass --force`,
      )
    })
  }
  if (json === true) console.log(JSON.stringify({ file: out ?? null, text, changes }, null, 2))
  else if (out === undefined) console.log(text.trimEnd())
  else console.log([...changes.map(describeChange), `wrote ${out}`].join('\n'))
}

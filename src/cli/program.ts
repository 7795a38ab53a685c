// The command line as a whole. Commands fail by throwing; only here does a failure become an exit code.

import { Command, CommanderError } from 'commander'
import { version } from '../config/version.ts'
import { apiKeyCommand } from './apikey.ts'
import { backupCommand } from './backup.ts'
import { completionCommand } from './completion.ts'
import { configCommand } from './config.ts'
import { diffCommand } from './diff.ts'
import { directoryCommand } from './directory.ts'
import { doctorCommand } from './doctor.ts'
import { CommandFailed, exit } from './exit.ts'
import { forgetCommand } from './forget.ts'
import { importCommand } from './import.ts'
import { initCommand } from './init.ts'
import { keyCommand } from './key.ts'
import { leaveCommand } from './leave.ts'
import { membersCommand } from './members.ts'
import { netTestCommand } from './nettest.ts'
import { projectsCommand } from './projects.ts'
import { restoreCommand } from './restore.ts'
import { startCommand } from './start.ts'
import { statusCommand } from './status.ts'
import { watchCommand } from './watch.ts'

/** Runs the command that the arguments (without node and script) name. Resolves when it is done; sets the exit code. */
export async function runCommand(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(args, { from: 'user' })
  } catch (error) {
    process.exitCode = codeOf(error)
    if (error instanceof CommandFailed) console.error(`hubmesh: ${error.message}`)
    else if (!(error instanceof CommanderError)) throw error
  }
}

/** All commands with their flags. */
export function program(): Command {
  const root = new Command('hubmesh')
    .description('A node of a federation of hubs: who is up, and which projects run where.')
    .version(version)
  const commands = [
    startCommand(),
    initCommand(),
    configCommand(),
    keyCommand(),
    apiKeyCommand(),
    statusCommand(),
    membersCommand(),
    directoryCommand(),
    projectsCommand(),
    watchCommand(),
    importCommand(),
    diffCommand(),
    netTestCommand(),
    doctorCommand(),
    leaveCommand(),
    forgetCommand(),
    backupCommand(),
    restoreCommand(),
    completionCommand(() => root),
  ]
  for (const command of commands) root.addCommand(command)
  for (const command of [root, ...commands, ...commands.flatMap((one) => one.commands)]) {
    command.exitOverride().showHelpAfterError('(hubmesh --help lists the commands)')
  }
  return root
}

/** Help and version are not failures; everything else that commander refuses is wrong usage. */
function codeOf(error: unknown): number {
  if (error instanceof CommandFailed) return error.code
  if (!(error instanceof CommanderError)) return exit.failed
  return error.exitCode === 0 ? exit.fine : exit.invalid
}

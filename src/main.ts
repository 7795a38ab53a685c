// Where the process begins: what the command line names is run.

import { runCommand } from './cli/program.ts'

await runCommand(process.argv.slice(2))

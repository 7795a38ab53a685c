// `npm run sim -- --scenario churn --hubs 200 --seed 7`: runs one scenario, prints the seed first and a table last.
// Exit: 0 when every invariant held and the hubs agreed, 1 when not (with the command that replays it), 2 on wrong usage.

import { runCommand } from './command.ts'
import { scenarios } from './scenarios/all.ts'

process.exitCode = runCommand(process.argv.slice(2), scenarios, {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isLive: process.stdout.isTTY,
})

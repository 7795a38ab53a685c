// `hubmesh key show`: the identity of a data directory. The private half is never printed.

import { Command } from 'commander'
import { IdentityError, readIdentity } from '../adapters/identity.ts'
import { CommandFailed, exit } from './exit.ts'
import { configured, type Options, withConfig } from './sources.ts'

export function keyCommand(): Command {
  const show = new Command('show')
    .description("the hub's peer id and where its key is kept")
    .option('--data-dir <directory>', 'data directory; otherwise the configured one')
    .option('--json', 'print JSON')
  return new Command('key').description("this hub's identity").addCommand(withConfig(show).action(showKey))
}

async function showKey(options: Options & { readonly json?: boolean }): Promise<void> {
  const directory = configured(options, false).config.node.data_dir
  const identity = await readIdentity(directory).catch((error: unknown) => {
    if (error instanceof IdentityError) throw new CommandFailed(exit.failed, error.message)
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandFailed(exit.failed, `the key in ${directory} cannot be read: ${reason}`)
  })
  if (identity === undefined) {
    throw new CommandFailed(exit.failed, `${directory} holds no key yet: the first start makes one`)
  }
  const shown = { peer_id: identity.peer, file: identity.file, type: 'Ed25519' }
  console.log(options.json ? JSON.stringify(shown, null, 2) : `peer id  ${shown.peer_id}\nfile     ${shown.file}`)
}

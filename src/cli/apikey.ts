// `hubmesh api-key new`: a key for callers of the HTTP API. It is told once; what the configuration holds is its hash.

import { randomBytes } from 'node:crypto'
import { Command, Option } from 'commander'
import { hashOfKey } from '../config/secrets.ts'
import { roles } from '../core/roles.ts'
import { CommandFailed, exit } from './exit.ts'

/** Bytes of chance in a key. */
const strength = 32
/** So that people, and tools that look for secrets in files, know one when they see it. */
const prefix = 'hmk_'
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

interface NewOptions {
  readonly name: string
  readonly role: string
  readonly json?: boolean
}

export function apiKeyCommand(): Command {
  const make = new Command('new')
    .description('make a key; it is shown this once')
    .requiredOption('--name <name>', 'who it is for, as the audit log names it')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).default('viewer'))
    .option('--json', 'print JSON')
    .action(newKey)
  return new Command('api-key').description('keys for callers of the HTTP API').addCommand(make)
}

function newKey({ name, role, json }: NewOptions): void {
  if (!namePattern.test(name)) {
    throw new CommandFailed(exit.invalid, `"${name}" is no name: use at most 64 letters, digits, dots, hyphens and _`)
  }
  const key = `${prefix}${randomBytes(strength).toString('base64url')}`
  const hash = hashOfKey(key)
  const config = `- { name: ${JSON.stringify(name)}, hash: "${hash}", role: ${role} }`
  if (json) console.log(JSON.stringify({ name, role, key, hash, config }, null, 2))
  else
    console.log(
      `key     ${key}\n\nIt is not shown again. For the configuration, under security.api_keys:\n\n    ${config}`,
    )
}

// `hubmesh watch`: what happens in the federation, a line each, until it is ended. It outlives a hub that restarts.

import { Command } from 'commander'
import { type WatchedEvent, WatchRefused, watch } from '../client.ts'
import { type AskOptions, apiKey, baseUrl, reasonOf, withHub } from './client.ts'
import { CommandFailed, exit } from './exit.ts'

interface WatchOptions extends AskOptions {
  readonly since?: string
}

export function watchCommand(): Command {
  const command = new Command('watch')
    .description('what happens in the federation, as it happens; what is there comes first')
    .option('--since <cursor>', 'go on from here: a cursor that --json printed, of this or another hub')
  return withHub(command).action(follow)
}

async function follow(options: WatchOptions): Promise<void> {
  const url = baseUrl(options)
  const ending = new AbortController()
  const end = (): void => ending.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  // Whoever reads this has enough: `hubmesh watch | head`.
  process.stdout.once('error', end)
  let hasBegun = false
  const onRetry = (error: Error): void => {
    const reason = reasonOf(error)
    if (hasBegun) console.error(`hubmesh: ${reason}; trying ${url} again`)
    else throw new CommandFailed(exit.failed, `no hub answers at ${url} (${reason}): start one, or pass --url`)
  }
  const key = apiKey()
  try {
    for await (const event of watch({
      url,
      since: options.since,
      signal: ending.signal,
      onRetry,
      ...(key && { apiKey: key }),
    })) {
      hasBegun = true
      console.log(options.json === true ? JSON.stringify(event) : line(event, new Date()))
    }
  } catch (error) {
    if (!(error instanceof WatchRefused)) throw error
    throw new CommandFailed(exit.failed, `${url} answers ${error.status}: ${error.message}`)
  }
}

/** When, what kind of thing, what was done, which, and how it is now. */
function line(event: WatchedEvent, now: Date): string {
  const words = ((): readonly string[] => {
    switch (event.event) {
      case 'project':
        return ['project', event.op, event.slug, event.value?.status ?? '-']
      case 'hub':
        return ['hub', event.op, event.hub_id, event.value?.status ?? '-']
      case 'reset':
        return ['reset', event.scope, event.hub_id ?? '-', event.reason]
      case 'caught-up':
        return ['caught-up']
    }
  })()
  const [kind = '', op = '', ...rest] = words
  return `${now.toISOString()}  ${kind.padEnd(9)}  ${op.padEnd(6)}  ${rest.join('  ')}`.trimEnd()
}

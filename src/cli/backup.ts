// `hubmesh backup`: a running hub's state into a file, checked before it bears its name.

import { createWriteStream } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import { readArchive } from '../adapters/archive.ts'
import { type AskOptions, reasonOf, respond, withHub } from './client.ts'
import { CommandFailed, exit } from './exit.ts'
import { Progress } from './progress.ts'

interface BackupOptions extends AskOptions {
  readonly identity?: boolean
}

export function backupCommand(): Command {
  const command = new Command('backup')
    .description('write the state of a running hub into a file')
    .argument('[file]', 'where to', 'hubmesh.backup')
    .option('--identity', "also the hub's key: whoever has the file can be this hub")
  return withHub(command).action(backup)
}

async function backup(file: string, options: BackupOptions): Promise<void> {
  const draft = `${file}.part`
  try {
    await fetched(draft, options)
    const read = readArchive(await readFile(draft, 'utf8'))
    if (!read.ok) throw new CommandFailed(exit.failed, `what the hub sent ${read.reason}: try again`)
    await rename(draft, file)
    const { hub, takenAt, frontier, entries, identity } = read.archive
    const facts = {
      hub_id: hub,
      taken_at: new Date(takenAt).toISOString(),
      slices: frontier.length,
      entries: entries.length,
    }
    if (options.json === true)
      console.log(JSON.stringify({ file, ...facts, identity: identity !== undefined, frontier }))
    else console.log(`${file}: ${hub} with ${facts.slices} slices in ${facts.entries} entries, as of ${facts.taken_at}`)
  } finally {
    await rm(draft, { force: true })
  }
}

async function fetched(draft: string, options: BackupOptions): Promise<void> {
  const { body } = await respond(options, { path: '/admin/backup', body: { identity: options.identity === true } })
  const progress = new Progress('received', 'KiB')
  try {
    const counted = async function* (source: AsyncIterable<Uint8Array>) {
      for await (const piece of source) {
        progress.add(piece.length / 1024)
        yield piece
      }
    }
    // The file may hold a key, and one that was left over may be open to others. On the disk before it replaces a backup.
    await rm(draft, { force: true })
    const kept = createWriteStream(draft, { mode: 0o600, flags: 'wx', flush: true })
    await pipeline(Readable.fromWeb(body ?? ReadableStream.from([])), counted, kept)
  } catch (error) {
    throw new CommandFailed(exit.failed, `the backup broke off (${reasonOf(error)}): nothing was written`)
  } finally {
    progress.end()
  }
}

// A backup as a file: a line that says what it is, a line an entry, a line with the SHA-256 of all before it. Lines of JSON:
// it can be looked at, cut up and compressed with what every machine has.

import { createHash } from 'node:crypto'
import { Compile } from 'typebox/schema'
import { Type } from '../core/schema.ts'
import { CountSchema } from '../core/wire.ts'
import type { Backup } from '../hub/backup.ts'
import { BackupAboutSchema } from '../hub/shapes.ts'

const format = 1
const chunkBytes = 64 * 1024

export interface Archive extends Backup {
  /** The content of the key file, where it was asked for. */
  readonly identity?: string | undefined
}

/** The text of an archive, in pieces. */
export function* archiveText({ entries, identity, ...about }: Archive): Generator<string> {
  const hash = createHash('sha256')
  let text = ''
  const head = { hubmesh_backup: format, ...about, entries: entries.length }
  for (const line of lines([head, ...(identity === undefined ? [] : [{ identity }])], entries)) {
    text += `${JSON.stringify(line)}\n`
    if (text.length < chunkBytes) continue
    hash.update(text)
    yield text
    text = ''
  }
  hash.update(text)
  yield `${text}${JSON.stringify({ sha256: hash.digest('hex') })}\n`
}

function* lines(first: readonly unknown[], rest: Iterable<unknown>): Generator<unknown> {
  yield* first
  yield* rest
}

const aboutCheck = Compile(
  Type.Object({ hubmesh_backup: Type.Literal(format), ...BackupAboutSchema.properties, entries: CountSchema }),
)
const secretCheck = Compile(Type.Object({ identity: Type.String() }))
const entryCheck = Compile(Type.Tuple([Type.String(), Type.Unknown()]))

export type Read =
  | { readonly ok: true; readonly archive: Archive }
  /** `reason` follows the name of the file. */
  | { readonly ok: false; readonly reason: string }

/** Reads an archive whole, and believes nothing of it before its checksum is right. */
export function readArchive(text: string): Read {
  const end = text.lastIndexOf('\n', text.length - 2) + 1
  const sum = parsed(text.slice(end))
  if (!text.endsWith('\n') || typeof sum?.['sha256'] !== 'string')
    return no('is not whole: it ends before its checksum')
  const body = text.slice(0, end)
  if (createHash('sha256').update(body).digest('hex') !== sum['sha256']) {
    return no('was altered or damaged: its checksum is another')
  }
  const [first = '', ...lines] = body.split('\n').slice(0, -1)
  const about = parsed(first)
  const said = about?.['hubmesh_backup']
  if (typeof said === 'number' && said !== format) {
    return no(`has format ${said}, and this version of HubMesh reads ${format}`)
  }
  if (!aboutCheck.Check(about)) return no('is no backup of a hub')
  const { hub, federation, version, takenAt, frontier } = about
  const rest = lines.map((line): unknown => JSON.parse(line))
  const identity = rest.find((line) => secretCheck.Check(line))?.identity
  const entries = rest.filter((line) => entryCheck.Check(line))
  if (entries.length !== about.entries) return no(`names ${about.entries} entries and holds ${entries.length}`)
  return { ok: true, archive: { hub, federation, version, takenAt, frontier, entries, identity } }
}

function no(reason: string): Read {
  return { ok: false, reason }
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

// The hub's key: Ed25519, in one file of the data directory that only its owner may read. Whoever has the file is the hub,
// so a file that others can read is refused rather than used.

import { randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { PeerId } from '../core/ids.ts'

export interface Identity {
  readonly privateKey: PrivateKey
  readonly peer: PeerId
  /** The file the key is in. */
  readonly file: string
}

/** The key file cannot be used; the message says why and what to do. */
export class IdentityError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'IdentityError'
  }
}

const fileName = 'identity.key'
const privateMode = 0o600
const othersMode = 0o077

/** The key of the data directory, made when there is none. Throws `IdentityError`. */
export async function openIdentity(dataDir: string): Promise<Identity> {
  const known = await readIdentity(dataDir)
  if (known !== undefined) return known
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await create(join(dataDir, fileName), privateKeyToProtobuf(await generateKeyPair('Ed25519')))
  const made = await readIdentity(dataDir)
  if (made === undefined) throw new IdentityError(`${join(dataDir, fileName)} vanished while it was made`)
  return made
}

/** The key of the data directory; undefined when it has none. Throws `IdentityError`. */
export async function readIdentity(dataDir: string): Promise<Identity | undefined> {
  const file = join(dataDir, fileName)
  const mode = await modeOf(file)
  if (mode === undefined) return undefined
  if ((mode & othersMode) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    throw new IdentityError(`${file} has mode ${octal}: others may have read this hub's key. Run chmod 600 ${file}`)
  }
  try {
    const privateKey = privateKeyFromProtobuf(Buffer.from((await readFile(file, 'utf8')).trim(), 'base64'))
    if (privateKey.type !== 'Ed25519') throw new Error(`it is a ${privateKey.type} key`)
    return { privateKey, peer: peerIdFromPrivateKey(privateKey).toString() as PeerId, file }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new IdentityError(`${file} holds no Ed25519 key (${reason}): restore it, or remove it to become a new hub`)
  }
}

async function modeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mode
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Whole or not at all, also after power loss; when two processes create it at once, one key wins for both. */
async function create(file: string, protobuf: Uint8Array): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  await synced(await open(draft, 'wx', privateMode), `${Buffer.from(protobuf).toString('base64')}\n`)
  try {
    await link(draft, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await unlink(draft)
  }
  await synced(await open(join(file, '..'), 'r'))
}

async function synced(handle: FileHandle, content?: string): Promise<void> {
  try {
    if (content !== undefined) await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

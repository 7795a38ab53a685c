// A hub's key: made once, kept private, the same for everybody who opens it.

import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openIdentity, readIdentity } from '../src/adapters/identity.ts'

let directory: string
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'hubmesh-key-')), 'data')
})
afterEach(() => rmSync(join(directory, '..'), { recursive: true }))

it('is made at the first start, in a file and a directory that only its owner can read, and kept from then on', async () => {
  expect(await readIdentity(directory)).toBeUndefined()
  const made = await openIdentity(directory)
  expect(statSync(made.file).mode & 0o777).toBe(0o600)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  expect((await openIdentity(directory)).peer).toBe(made.peer)
  expect((await readIdentity(directory))?.peer).toBe(made.peer)
})

it('is one key for all, when several processes make it at once', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => openIdentity(directory)))
  expect(new Set(made.map(({ peer }) => peer)).size).toBe(1)
  expect(readdirSync(directory)).toEqual(['identity.key'])
})

it.each([0o640, 0o604, 0o660])('with mode %o is refused, because others may have read it', async (mode) => {
  const { file } = await openIdentity(directory)
  chmodSync(file, mode)
  await expect(openIdentity(directory)).rejects.toThrow(`Run chmod 600 ${file}`)
})

it('that is damaged is refused and not replaced', async () => {
  const { file } = await openIdentity(directory)
  writeFileSync(file, 'no key\n')
  await expect(openIdentity(directory)).rejects.toThrow('holds no Ed25519 key')
  await expect(openIdentity(directory)).rejects.toThrow('holds no Ed25519 key')
})

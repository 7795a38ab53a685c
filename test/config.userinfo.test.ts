// Users and passwords that stand in addresses: whatever is wrong with them, they are not repeated.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { migrate } from '../src/config/migrate.ts'
import { describeMistakes } from '../src/config/mistake.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-userinfo-'))
afterAll(() => rmSync(directory, { recursive: true }))

function mistakes(env: Readonly<Record<string, string>>): string {
  const loaded = loadConfig({ env: { HUBMESH_NODE__ID: 'a', ...env } })
  return loaded.ok ? '' : describeMistakes(loaded.mistakes)
}

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

describe('the url of NATS servers', () => {
  it.each([
    'nats://u:SEC,RET@a:4222',
    'nats://u:SEC/RET@a:4222',
    'nats://u:SEC RET@a:4222',
    'nats://u:SEC,RET@RET/RET@a:4222,b',
    'nats://u:x,RET/@a',
    'http://u:SECRET@a',
    'nats://b:4222,nats://u:SECRET@a:4222',
  ])('%s is refused, told how to write it, and not repeated', (url) => {
    const text = mistakes({ HUBMESH_BRIDGES__NATS__URL: url })
    expect(text).toMatch(/bridges.nats.url: .*\n.*%2C/)
    expect(text).not.toMatch(/SEC,|RET/)
  })

  it.each(['', 'a', 'nats://u:p%2C@a:4222,tls://b/', 'tls://token@a,tls://token@b', 'nats://u:p@ss@a'])(
    '%j is taken',
    (url) => expect(mistakes({ HUBMESH_BRIDGES__NATS__URL: url })).toBe(''),
  )

  it('is repeated neither as a list nor in a migrated file', () => {
    const list = file('list.yaml', 'node: { id: a }\nbridges: { nats: { url: ["nats://u:SEC,RET@a"] } }')
    const loaded = loadConfig({ file: list, env: {} })
    expect(loaded.ok ? '' : describeMistakes(loaded.mistakes)).toMatch(/bridges.nats.url: \["nats:\/\/a"\] is no text/)
    const moved = migrate(file('old.yaml', 'bridges: { nats: { url: "nats://u:SEC,RET@a:4222" } }'))
    expect(moved.ok).toBe(true)
    expect(JSON.stringify(moved)).not.toMatch(/SEC,|RET/)
  })
})

it.each([
  'http://u:SECRET@x',
  'http://u:SEC,RET@x',
  'u:SECRET@x:8081',
  'SECRET@x:8081',
  '["u:SECRET@x:1", "a:1"',
  '["u:SECRET@x:1", 7]',
])('network.bootstrap as %s is refused, and not repeated', (address) => {
  const text = mistakes({ HUBMESH_NETWORK__BOOTSTRAP: address })
  expect(text).toContain('network.bootstrap: ')
  expect(text).not.toMatch(/SEC|RET/)
})

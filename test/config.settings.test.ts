// Every setting changes something: what it is turned into, or what the named test of its effect observes.

import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect, it } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { type Config, type Setting, settings } from '../src/config/schema.ts'
import { settingsOf } from '../src/config/settings.ts'
import type { PeerId } from '../src/core/ids.ts'
import { httpOptionsOf, networkOptionsOf } from '../src/hubmesh.ts'

const privateKey = await generateKeyPair('Ed25519')

/** Settings that the composition and `start` use themselves, and where their effect is tested. */
const usedDirectly = new Map([
  ['node.shutdown_timeout', 'cli.test.ts'],
  ['network.http_host', 'cli.test.ts'],
  ['network.http_port', 'cli.test.ts'],
  ['federation.open', 'config.test.ts (listening beyond this machine)'],
  ['gossip.compression', 'compression.test.ts'],
  ['catalog.projects_file', 'cli.test.ts'],
  ['monitoring.log_level', 'cli.test.ts'],
  ['monitoring.metrics_port', 'http.metrics.test.ts'],
])

/** Durations that the rules between settings keep short or long. */
const fitting: Readonly<Record<string, string>> = {
  'membership.probe_timeout': '123ms',
  'presence.flush_interval': '2s',
  'catalog.removal_retention': '720.5h',
}

/** A valid value other than the default. */
function otherValue({ path, schema }: Setting): string {
  if (schema.enum !== undefined) return schema.enum.find((word) => word !== schema.default) ?? ''
  if (schema.type === 'boolean') return String(schema.default !== true)
  if (schema.unit === 'duration') return fitting[path] ?? '34567ms'
  if (schema.unit === 'size') return '512 KiB'
  if (schema.type === 'number' || schema.type === 'integer') return '7'
  if (path === 'network.parents') return 'other'
  if (schema.type === 'object') return 'zone=a'
  return schema.type === 'array' ? '127.0.0.1:4321' : 'other'
}

function config(env: Record<string, string>): Config {
  const loaded = loadConfig({ env: { HUBMESH_NODE__ID: 'a', ...env } })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes))
  return loaded.config
}

function told(one: Config): string {
  const { privateKey: _, ...network } = networkOptionsOf(one, { privateKey })
  return JSON.stringify([
    settingsOf({ config: one, peer: 'p' as PeerId, version: '1', seed: 1 }),
    network,
    httpOptionsOf(one),
  ])
}

const coordinates = { HUBMESH_NODE__COORDINATES__LATITUDE: '1', HUBMESH_NODE__COORDINATES__LONGITUDE: '1' }

it.each(settings.filter(({ path }) => !usedDirectly.has(path)))('$path reaches the part that acts on it', (setting) => {
  const isPart = setting.path.startsWith('node.coordinates.')
  const usual = isPart ? coordinates : {}
  expect(told(config({ ...usual, [setting.variable]: otherValue(setting) }))).not.toBe(told(config(usual)))
})

it('names only settings as used directly', () => {
  const paths = settings.map(({ path }) => path)
  expect([...usedDirectly.keys()].filter((path) => !paths.includes(path))).toEqual([])
})
